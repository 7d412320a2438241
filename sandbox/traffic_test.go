package main

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
)

func TestServiceAnswersAtItsURLs(t *testing.T) {
	t.Parallel()
	service := createService(t, "answers", "green")
	if got, want := service.Status.URL.String(), "http://answers.default.localhost"; got != want {
		t.Errorf("URL is %s, want %s", got, want)
	}
	if got, want := service.Status.Address.URL.String(), "http://answers.default.svc.cluster.local"; got != want {
		t.Errorf("address is %s, want %s", got, want)
	}
	for _, host := range []string{service.Status.URL.Host, service.Status.URL.Host + ":8080", service.Status.Address.URL.Host} {
		if status, revision := ask(t, host); status != http.StatusOK || revision != "answers-v1" {
			t.Errorf("%s: got %d from %q, want 200 from answers-v1", host, status, revision)
		}
	}
	if status, _ := ask(t, "nobody.default.localhost"); status != http.StatusNotFound {
		t.Errorf("unknown host: got %d, want 404", status)
	}
}

// TestTrafficIsSplitAsAsked allows five standard deviations of a fair draw: 18 of 2,000 requests
// with a share of 0.2.
func TestTrafficIsSplitAsAsked(t *testing.T) {
	t.Parallel()
	const name, requests, clients = "split", 2000, 20
	createService(t, name, "blue")
	service := addRevision(t, name)
	shift(t, name, 20)

	var mu sync.Mutex
	var all sync.WaitGroup
	counts := map[string]int{}
	for range clients {
		all.Go(func() {
			for range requests / clients {
				_, revision := ask(t, service.Status.URL.Host)
				mu.Lock()
				counts[revision]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if got := counts["split-v2"]; got < 400-90 || got > 400+90 || counts["split-v1"] != requests-got {
		t.Errorf("2000 requests went to %v, want about 1600 and 400", counts)
	}
	for range 20 {
		if _, revision := ask(t, "candidate-"+service.Status.URL.Host); revision != "split-v2" {
			t.Errorf("host of the tag candidate: answered by %q", revision)
		}
	}
}

func TestKnativeRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	const name = "refused"
	createService(t, name, "blue")
	addRevision(t, name)
	tests := map[string]struct {
		edit    func(*servingv1.Service)
		message string
	}{
		"a sum of 110": {
			func(s *servingv1.Service) {
				s.Spec.Traffic[0].Percent, s.Spec.Traffic[1].Percent = new(int64(80)), new(int64(30))
			},
			"Traffic targets sum to 110, want 100",
		},
		"another image under the same revision name": {
			func(s *servingv1.Service) { s.Spec.Template.Spec.Containers[0].Image = "gcr.io/other/image:tag" },
			"without a name change",
		},
	}
	for what, test := range tests {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			err := update(t, name, test.edit)
			if err == nil || !strings.Contains(err.Error(), test.message) {
				t.Errorf("got %v, want: %s", err, test.message)
			}
		})
	}
}

func TestStaleWriterGetsAConflict(t *testing.T) {
	t.Parallel()
	old := createService(t, "conflict", "blue").DeepCopy()
	addRevision(t, "conflict")
	old.Labels = map[string]string{"late": "true"}
	_, err := shared.services.ServingV1().Services(metav1.NamespaceDefault).Update(t.Context(), old, metav1.UpdateOptions{})
	if !apierrors.IsConflict(err) {
		t.Errorf("got %v, want a conflict", err)
	}
}

func TestDeletedServiceTakesItsPartsAlong(t *testing.T) {
	t.Parallel()
	service := createService(t, "deleted", "blue")
	services, revisions := shared.services.ServingV1().Services(metav1.NamespaceDefault), shared.services.ServingV1().Revisions(metav1.NamespaceDefault)
	if status, _ := ask(t, service.Status.URL.Host); status != http.StatusOK {
		t.Fatalf("got %d before", status)
	}
	eventually(t, "series of deleted-v1", func(ctx context.Context) (bool, string) {
		value, found := query(ctx, t, `revision_app_request_count{revision_name="deleted-v1"}`)
		return found && value == 1, "none"
	})
	if err := services.Delete(t.Context(), "deleted", metav1.DeleteOptions{}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	eventually(t, "no revision", func(ctx context.Context) (bool, string) {
		_, err := revisions.Get(ctx, "deleted-v1", metav1.GetOptions{})
		return apierrors.IsNotFound(err), "still there"
	})
	eventually(t, "no answer", func(context.Context) (bool, string) {
		status, _ := ask(t, service.Status.URL.Host)
		return status == http.StatusNotFound, http.StatusText(status)
	})
	eventually(t, "stale series", func(ctx context.Context) (bool, string) {
		_, found := query(ctx, t, `revision_app_request_count{revision_name="deleted-v1"}`)
		return !found, "still there"
	})
}
