package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	servingv1 "knative.dev/serving/pkg/apis/serving/v1"
	"knative.dev/serving/pkg/client/clientset/versioned"

	"perch/sandbox/controlplane"
)

// asProgram makes the test binary behave as perch-sandbox itself.
const asProgram = "TEST_AS_PERCH_SANDBOX"

// deadline bounds each wait for the cluster.
const deadline = 60 * time.Second

// shared is the sandbox that all tests of this package use; there can be one in a process.
var shared struct { //nolint:gochecknoglobals // a process can hold one
	*sandbox

	admin, narrow *rest.Config
	services      *versioned.Clientset
	dir           string
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(os.Args[1:]))
	}
	code, err := withCluster(m.Run)
	if err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// withCluster runs the tests in a sandbox in which the tutorial's first steps are done.
func withCluster(tests func() int) (code int, err error) {
	folder, err := openWorkspace("")
	if err != nil {
		return 1, err
	}
	defer func() { err = folder.close() }()
	parsed, _, err := parse([]string{"up", "--tutorial", "--rps=20", "--scrape-interval=250ms", "--faults"})
	if err != nil {
		return 1, err
	}
	running, err := start(parsed, folder, newProgress(), nil)
	if err != nil {
		return 1, err
	}
	shared.sandbox, shared.dir = running, folder.dir
	if shared.admin, err = login(shared.Kubeconfig, controlplane.Admin); err != nil {
		return 1, err
	}
	if shared.narrow, err = login(shared.Kubeconfig, controlplane.Narrow); err != nil {
		return 1, err
	}
	shared.services = versioned.NewForConfigOrDie(shared.admin)
	code = tests()
	return code, stop(running)
}

func login(kubeconfig, context string) (*rest.Config, error) {
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: kubeconfig}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context}).ClientConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	return config, nil
}

// eventually polls until the condition holds, and says what it last was if it never does.
func eventually(t *testing.T, what string, condition func(context.Context) (bool, string)) {
	t.Helper()
	var last string
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, deadline, true, func(ctx context.Context) (held bool, _ error) {
		held, last = condition(ctx)
		return held, nil
	})
	if err != nil {
		t.Fatalf("%s: %v; last: %s", what, err, last)
	}
}

// template is a revision called name, whose image has the tag given.
func template(name, tag string) servingv1.RevisionTemplateSpec {
	var spec servingv1.RevisionTemplateSpec
	spec.Name = name
	spec.Spec.Containers = []corev1.Container{{Image: "gcr.io/knative-samples/knative-route-demo:" + tag}}
	return spec
}

// createService makes a service with the revision NAME-v1, waits for it, and has it deleted in the end.
func createService(t *testing.T, name, tag string) *servingv1.Service {
	t.Helper()
	service := &servingv1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}}
	service.Spec.Template = template(name+"-v1", tag)
	services := shared.services.ServingV1().Services(metav1.NamespaceDefault)
	if _, err := services.Create(t.Context(), service, metav1.CreateOptions{}); err != nil {
		t.Fatalf("create service %s: %v", name, err)
	}
	t.Cleanup(func() {
		_ = services.Delete(context.WithoutCancel(t.Context()), name, metav1.DeleteOptions{})
	})
	return waitReady(t, name)
}

// addRevision makes NAME-v2, with all traffic left on NAME-v1.
func addRevision(t *testing.T, name string) *servingv1.Service {
	t.Helper()
	return change(t, name, func(s *servingv1.Service) {
		s.Spec.Template = template(name+"-v2", "green")
		s.Spec.Traffic = []servingv1.TrafficTarget{
			{Tag: "current", RevisionName: name + "-v1", Percent: new(int64(100))},
			{Tag: "candidate", LatestRevision: new(true), Percent: new(int64(0))},
		}
	})
}

// shift gives NAME-v2 the percent, and waits until it is in force.
func shift(t *testing.T, name string, percent int64) {
	t.Helper()
	change(t, name, func(s *servingv1.Service) {
		s.Spec.Traffic[0].Percent, s.Spec.Traffic[1].Percent = new(100-percent), &percent
	})
}

// change updates a service, and waits until the change is in force.
func change(t *testing.T, name string, edit func(*servingv1.Service)) *servingv1.Service {
	t.Helper()
	if err := update(t, name, edit); err != nil {
		t.Fatalf("update service %s: %v", name, err)
	}
	return waitReady(t, name)
}

func update(t *testing.T, name string, edit func(*servingv1.Service)) error {
	t.Helper()
	services := shared.services.ServingV1().Services(metav1.NamespaceDefault)
	service, err := services.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	edit(service)
	_, err = services.Update(t.Context(), service, metav1.UpdateOptions{})
	return err
}

func waitReady(t *testing.T, name string) *servingv1.Service {
	t.Helper()
	var service *servingv1.Service
	eventually(t, "service "+name+" ready", func(ctx context.Context) (bool, string) {
		var err error
		service, err = shared.services.ServingV1().Services(metav1.NamespaceDefault).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return false, err.Error()
		}
		return service.IsReady(), fmt.Sprint(service.Status.Conditions)
	})
	return service
}

// ask sends a request for a host to the gateway; it returns the status and the revision that answered.
func ask(t *testing.T, host string) (status int, revision string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+shared.Gateway, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = strings.TrimPrefix(host, "http://")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("ask %s: %v", host, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("ask %s: %v", host, err)
	}
	revision, _, _ = strings.Cut(string(body), " ")
	return response.StatusCode, revision
}

func tutorialFile(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "testdata", "canary-progressive", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
