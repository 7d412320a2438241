package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"knative.dev/serving/pkg/client/clientset/versioned"
	servingclient "knative.dev/serving/pkg/client/clientset/versioned/typed/serving/v1"

	"perch/sandbox/controlplane"
	"perch/sandbox/traffic"
	"perch/sandbox/tutorial"
)

// through logs in by way of the proxy.
func through(t *testing.T, context string) *rest.Config {
	t.Helper()
	config, err := login(shared.board.Kubeconfig, context)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// control asks the switchboard, and returns what it answers.
func control(t *testing.T, method, path, body string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, shared.board.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %s %s, %v", method, path, response.Status, text, err)
	}
	return string(text)
}

func TestUsersStayWhoTheyAreThroughTheProxy(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]string{controlplane.Admin: "sandbox-admin", controlplane.Narrow: "perch"} {
		client := kubernetes.NewForConfigOrDie(through(t, login))
		review, err := client.AuthenticationV1().SelfSubjectReviews().Create(t.Context(), &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if err != nil {
			t.Fatalf("%s: %v", login, err)
		}
		if got := review.Status.UserInfo.Username; got != want {
			t.Errorf("%s: the API server sees %q, want %q", login, got, want)
		}
		_, err = client.CoreV1().Secrets("knative-serving").List(t.Context(), metav1.ListOptions{})
		if mayNot := apierrors.IsForbidden(err); mayNot != (login == controlplane.Narrow) {
			t.Errorf("%s: list secrets: %v", login, err)
		}
	}
	nobody := rest.AnonymousClientConfig(through(t, controlplane.Admin))
	if _, err := kubernetes.NewForConfigOrDie(nobody).Discovery().ServerGroups(); !apierrors.IsUnauthorized(err) {
		t.Errorf("nobody: got %v, want unauthorized", err)
	}
}

// TestFaultsReachAClientAsSuch sets rules for one service, one after the other: the parts share the
// table of rules.
func TestFaultsReachAClientAsSuch(t *testing.T) {
	t.Parallel()
	const name = "faulty"
	createService(t, name, "green")
	services := versioned.NewForConfigOrDie(through(t, controlplane.Admin)).ServingV1().Services(metav1.NamespaceDefault)
	for fault, check := range map[string]func(*testing.T, servingclient.ServiceInterface, string){
		`"method":"PATCH","path":"/services/faulty$","do":"status","code":409,"times":1`: conflicts,
		`"path":"/services/faulty$","do":"hang"`:                                         hangs,
		`"query":"metadata.name=faulty","do":"drop-watch","times":1`:                     drops,
		`"method":"PATCH","path":"/services/faulty$","do":"lose-answer","times":1`:       isLost,
	} {
		control(t, http.MethodPut, "/faults", `[{"target":"api",`+fault+`}]`)
		check(t, services, name)
	}
	control(t, http.MethodDelete, "/faults", "")
}

func annotate(ctx context.Context, services servingclient.ServiceInterface, name, value string) error {
	patch := []byte(`{"metadata":{"annotations":{"example.com/note":"` + value + `"}}}`)
	_, err := services.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{})
	return err
}

func conflicts(t *testing.T, services servingclient.ServiceInterface, name string) {
	t.Helper()
	if err := annotate(t.Context(), services, name, "one"); !apierrors.IsConflict(err) {
		t.Errorf("patch: got %v, want a conflict", err)
	}
	if err := annotate(t.Context(), services, name, "one"); err != nil {
		t.Errorf("patch again: %v", err)
	}
}

func hangs(t *testing.T, services servingclient.ServiceInterface, name string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error, 1) // sent to by the request, once
	go func() {
		_, err := services.Get(ctx, name, metav1.GetOptions{})
		got <- err
	}()
	control(t, http.MethodGet, "/faults?struck=1", "")
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("get: got %v, want it to hang until the client gives up", err)
	}
}

func drops(t *testing.T, services servingclient.ServiceInterface, name string) {
	t.Helper()
	watch, err := services.Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		t.Fatalf("watch: %v", err)
	}
	events := 0
	for range watch.ResultChan() {
		events++
	}
	if events != 1 {
		t.Errorf("watch: got %d events, want it to end after one", events)
	}
}

func isLost(t *testing.T, services servingclient.ServiceInterface, name string) {
	t.Helper()
	if err := annotate(t.Context(), services, name, "lost"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("patch: got %v, want a reset", err)
	}
	service, err := services.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil || service.Annotations["example.com/note"] != "lost" {
		t.Errorf("the write was not carried out: %v, %v", service.Annotations, err)
	}
}

// TestResetBeginsTheTutorialAnew does what a run of the experiment leaves behind, all through the
// proxies. It is alone with the tutorial, as TestNarrowUserPromotes is.
func TestResetBeginsTheTutorialAnew(t *testing.T) {
	control(t, http.MethodPost, "/reset", "")
	shift(t, tutorial.Service, 20)
	if _, err := iter8Resource("experiments").Create(t.Context(), experiment(t), metav1.CreateOptions{}); err != nil {
		t.Fatalf("create an experiment: %v", err)
	}
	promote(t, shared.board.Kubeconfig, shared.board.Charts)
	waitReady(t, tutorial.Service)
	want := []map[string]int64{{"sample-app-v1": 100, "sample-app-v2": 0}, {"sample-app-v1": 80, "sample-app-v2": 20}, {"sample-app-v2": 100}}
	if diff := cmp.Diff(want, percents(t)); diff != "" {
		t.Errorf("splits before (-want +got):\n%s", diff)
	}
	old := revision(t, "sample-app-v2")

	began := time.Now()
	control(t, http.MethodPost, "/reset?tag=green-slow", "")
	t.Logf("reset in %s", time.Since(began))

	if diff := cmp.Diff(want[:1], percents(t)); diff != "" {
		t.Errorf("splits after (-want +got):\n%s", diff)
	}
	service := waitReady(t, tutorial.Service)
	if len(service.Status.Traffic) != 2 || *service.Status.Traffic[0].Percent != 100 {
		t.Errorf("traffic is %v, want 100 and 0", service.Status.Traffic)
	}
	if image := service.Spec.Template.Spec.Containers[0].Image; !strings.HasSuffix(image, ":green-slow") {
		t.Errorf("image is %s, want the tag green-slow", image)
	}
	if revision(t, "sample-app-v2") == old {
		t.Error("the candidate is not a new one")
	}
	left, err := iter8Resource("experiments").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("experiments left: %v, %v", left.Items, err)
	}
	releases, err := shared.Client.CoreV1().Secrets("iter8-system").List(t.Context(), metav1.ListOptions{LabelSelector: "owner=helm"})
	if err != nil || len(releases.Items) != 2 {
		t.Errorf("Helm has %d records, %v, want 2", len(releases.Items), err)
	}
	job, err := shared.Client.BatchV1().Jobs(metav1.NamespaceDefault).Get(t.Context(), tutorial.Load, metav1.GetOptions{})
	if err != nil || job.Status.Active != 1 {
		t.Errorf("the load is not active: %v, %v", job.Status, err)
	}
}

func percents(t *testing.T) (all []map[string]int64) {
	t.Helper()
	for line := range strings.Lines(control(t, http.MethodGet, "/traffic", "")) {
		var split traffic.Split
		if err := json.Unmarshal([]byte(line), &split); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, split.Percent)
	}
	return all
}

func revision(t *testing.T, name string) types.UID {
	t.Helper()
	found, err := shared.services.ServingV1().Revisions(metav1.NamespaceDefault).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return found.UID
}
