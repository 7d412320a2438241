package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"sigs.k8s.io/yaml"
)

// results are the parts of Fortio's JSON that the tutorial's own test looks at.
type results struct {
	DurationHistogram struct{ Count int64 }
	RetCodes          map[string]int64
	URL               string
}

func readResults(t *testing.T, job string) (read results, err error) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(shared.dir, "jobs", "default", job, "shared", "fortiooutput.json"))
	if err != nil {
		return read, err
	}
	return read, json.Unmarshal(content, &read)
}

// createLoad makes the tutorial's Job, as its sed does, with other arguments.
func createLoad(t *testing.T, name, url, arguments string) {
	t.Helper()
	text := strings.ReplaceAll(tutorialFile(t, "fortio.yaml"), "URL_VALUE", `"`+url+`"`)
	text = strings.Replace(text, `"-t", "120s"`, arguments, 1)
	job := &batchv1.Job{}
	if err := yaml.UnmarshalStrict([]byte(text), job); err != nil {
		t.Fatalf("fortio.yaml: %v", err)
	}
	job.Name = name
	if _, err := shared.Client.BatchV1().Jobs("default").Create(t.Context(), job, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create job %s: %v", name, err)
	}
}

func waitJob(t *testing.T, name string, kind batchv1.JobConditionType) (job *batchv1.Job, message string) {
	t.Helper()
	eventually(t, "job "+name+" "+string(kind), func(ctx context.Context) (bool, string) {
		var err error
		if job, err = shared.Client.BatchV1().Jobs("default").Get(ctx, name, metav1.GetOptions{}); err != nil {
			return false, err.Error()
		}
		for _, condition := range job.Status.Conditions {
			if condition.Type == kind {
				message = condition.Message
				return true, ""
			}
		}
		return false, job.Status.String()
	})
	return job, message
}

func TestLoadLosesNoRequestWhileTrafficMoves(t *testing.T) {
	t.Parallel()
	const name = "moving"
	createService(t, name, "blue")
	service := addRevision(t, name)
	createLoad(t, name, service.Status.Address.URL.String(), `"-t", "3s", "-qps", "100"`)
	for _, percent := range []int64{5, 25, 45, 65, 75} {
		shift(t, name, percent)
	}
	change(t, name, func(s *servingv1.Service) { s.Spec.Traffic = nil }) // all to the latest, as a promotion does
	revisions := shared.services.ServingV1().Revisions("default")
	if err := revisions.Delete(t.Context(), name+"-v1", metav1.DeleteOptions{}); err != nil {
		t.Fatalf("delete the old revision: %v", err)
	}

	job, _ := waitJob(t, name, batchv1.JobComplete)
	if job.Status.Succeeded != 1 || job.Status.Active != 0 || job.Status.CompletionTime == nil {
		t.Errorf("status is %+v", job.Status)
	}
	got, err := readResults(t, name)
	if err != nil {
		t.Fatalf("results: %v", err)
	}
	if got.DurationHistogram.Count < 10 || got.RetCodes["200"] != got.DurationHistogram.Count {
		t.Errorf("of %d requests the codes are %v, want 200 for each", got.DurationHistogram.Count, got.RetCodes)
	}
	if want := service.Status.Address.URL.String(); got.URL != want {
		t.Errorf("URL in the results is %s, want %s", got.URL, want)
	}
}

func TestLoadWithUnknownFlagFails(t *testing.T) {
	t.Parallel()
	createLoad(t, "misspelt", "http://sample-app.default", `"-tt", "1s"`)
	job, message := waitJob(t, "misspelt", batchv1.JobFailed)
	if job.Status.Failed != 1 || !strings.Contains(message, "flag provided but not defined: -tt") {
		t.Errorf("failed %d times: %s", job.Status.Failed, message)
	}
}

func TestDeletedJobStopsItsLoad(t *testing.T) {
	t.Parallel()
	service := createService(t, "endless", "green")
	createLoad(t, "endless", service.Status.Address.URL.String(), `"-t", "0"`)
	jobs := shared.Client.BatchV1().Jobs("default")
	eventually(t, "job active", func(ctx context.Context) (bool, string) {
		job, err := jobs.Get(ctx, "endless", metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		return job.Status.Active == 1 && job.Status.StartTime != nil, job.Status.String()
	})
	background := metav1.DeletePropagationBackground
	if err := jobs.Delete(t.Context(), "endless", metav1.DeleteOptions{PropagationPolicy: &background}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	eventually(t, "results of the deleted job", func(context.Context) (bool, string) {
		_, err := readResults(t, "endless")
		return err == nil, "no results"
	})
	if _, err := jobs.Get(t.Context(), "endless", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("job is still there: %v", err)
	}
}
