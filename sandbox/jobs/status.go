package jobs

import (
	"context"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
)

// statusTimeout bounds one write of a Job's status.
const statusTimeout = 5 * time.Second

func finished(job *batchv1.Job) bool {
	for _, c := range job.Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// begin marks a Job as active, as the Job controller does.
func (r *Runner) begin(ctx context.Context, job *batchv1.Job) error {
	return r.update(ctx, job, func(s *batchv1.JobStatus) {
		now := metav1.Now()
		s.StartTime, s.Active = &now, 1
	})
}

// finish marks a Job as complete, or as failed with the reason. The API server accepts neither
// without the condition that goes before it.
func (r *Runner) finish(ctx context.Context, job *batchv1.Job, failure error) error {
	return r.update(ctx, job, func(s *batchv1.JobStatus) {
		s.Active = 0
		s.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
		if failure != nil {
			s.Failed = 1
			s.Conditions = conditions("BackoffLimitExceeded", failure.Error(), batchv1.JobFailureTarget, batchv1.JobFailed)
			return
		}
		now := metav1.Now()
		s.Succeeded, s.CompletionTime = 1, &now
		s.Conditions = conditions("CompletionsReached", "", batchv1.JobSuccessCriteriaMet, batchv1.JobComplete)
	})
}

func conditions(reason, message string, kinds ...batchv1.JobConditionType) []batchv1.JobCondition {
	now := metav1.Now()
	var list []batchv1.JobCondition
	for _, kind := range kinds {
		list = append(list, batchv1.JobCondition{
			Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: message,
			LastProbeTime: now, LastTransitionTime: now,
		})
	}
	return list
}

func (r *Runner) update(ctx context.Context, job *batchv1.Job, change func(*batchv1.JobStatus)) error {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	client := r.client.BatchV1().Jobs(job.Namespace)
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		fresh, err := client.Get(ctx, job.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(&fresh.Status)
		_, err = client.UpdateStatus(ctx, fresh, metav1.UpdateOptions{})
		return err
	})
}
