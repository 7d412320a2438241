package jobs

import (
	"context"
	"encoding/json"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// isFinished tells whether a Job is complete or failed.
func isFinished(job *batchv1.Job) bool {
	for _, condition := range job.Status.Conditions {
		over := condition.Type == batchv1.JobComplete || condition.Type == batchv1.JobFailed
		if over && condition.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// started is the status of a Job whose one pod runs.
func started(now metav1.Time) batchv1.JobStatus {
	return batchv1.JobStatus{
		StartTime:               &now,
		Active:                  1,
		Ready:                   new(int32(1)),
		UncountedTerminatedPods: &batchv1.UncountedTerminatedPods{},
	}
}

// ended is the status of a Job that ran from start until now, and failed if err is not nil. The API
// server wants each end announced by a condition of its own.
func ended(start, now metav1.Time, err error) batchv1.JobStatus {
	status := batchv1.JobStatus{
		StartTime:               &start,
		Ready:                   new(int32(0)),
		UncountedTerminatedPods: &batchv1.UncountedTerminatedPods{},
	}
	add := func(kind batchv1.JobConditionType, reason, message string) {
		status.Conditions = append(status.Conditions, batchv1.JobCondition{
			Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: message,
			LastProbeTime: now, LastTransitionTime: now,
		})
	}
	if err != nil {
		status.Failed = 1
		add(batchv1.JobFailureTarget, "PodFailed", err.Error())
		add(batchv1.JobFailed, "PodFailed", err.Error())
		return status
	}
	status.Succeeded = 1
	status.CompletionTime = &now
	add(batchv1.JobSuccessCriteriaMet, "CompletionsReached", "Reached expected number of succeeded pods")
	add(batchv1.JobComplete, "CompletionsReached", "Reached expected number of succeeded pods")
	return status
}

// report writes the status of a Job, all of it but what a zero leaves out: active is named, since a
// merge would else keep the old number.
func (m *Manager) report(ctx context.Context, job *batchv1.Job, status batchv1.JobStatus) error {
	fields, err := json.Marshal(status)
	if err != nil {
		return err
	}
	merged := map[string]any{}
	if err := json.Unmarshal(fields, &merged); err != nil {
		return err
	}
	merged["active"] = status.Active
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{"uid": job.UID}, // a later Job of the same name is another one
		"status":   merged,
	})
	if err != nil {
		return err
	}
	_, err = m.client.BatchV1().Jobs(job.Namespace).Patch(ctx, job.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
