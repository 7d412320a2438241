// Package tutorial does what a reader of the tutorial does before the experiment: it installs the
// application with Helm, upgrades it to two revisions, and sends it requests.
package tutorial

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/cli"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	serving "knative.dev/serving/pkg/client/clientset/versioned"

	"perch/sandbox/charts"
)

// The tutorial's names.
const (
	ReleaseNamespace = "iter8-system"
	Namespace        = "default" // of the service and of the load
	Release          = "sample-app"
	Service          = "sample-app"
	LoadJob          = "fortio"
)

// readyTimeout is as long as the tutorial's kubectl wait has.
const readyTimeout = 2 * time.Minute

// A Tutorial does the steps against one cluster.
type Tutorial struct {
	Config     *rest.Config
	Kubeconfig string
	Charts     *charts.Repository
	Log        *slog.Logger
}

// Deploy installs the release and upgrades it to two revisions, the candidate without traffic.
func (t Tutorial) Deploy(ctx context.Context) error {
	helm, err := t.helm()
	if err != nil {
		return err
	}
	app, err := t.Charts.Chart()
	if err != nil {
		return err
	}
	install := action.NewInstall(helm)
	install.ReleaseName, install.Namespace = Release, ReleaseNamespace
	if _, err := install.RunWithContext(ctx, app, nil); err != nil {
		return fmt.Errorf("install release %s: %w", Release, err)
	}
	if err := t.waitReady(ctx, "sample-app-v1"); err != nil {
		return err
	}
	values, err := t.Charts.Values("experimental-values.yaml")
	if err != nil {
		return err
	}
	upgrade := action.NewUpgrade(helm)
	upgrade.Namespace = ReleaseNamespace
	if _, err := upgrade.RunWithContext(ctx, Release, app, values); err != nil {
		return fmt.Errorf("upgrade release %s: %w", Release, err)
	}
	return t.waitReady(ctx, "sample-app-v2")
}

func (t Tutorial) helm() (*action.Configuration, error) {
	settings := cli.New()
	settings.KubeConfig, settings.KubeContext = t.Kubeconfig, "sandbox"
	settings.SetNamespace(ReleaseNamespace)
	config := &action.Configuration{}
	err := config.Init(settings.RESTClientGetter(), ReleaseNamespace, "secret", func(format string, args ...any) {
		t.Log.Debug(fmt.Sprintf(format, args...))
	})
	return config, err
}

// waitReady waits until a revision is the latest ready one of a service that is ready itself.
func (t Tutorial) waitReady(ctx context.Context, revision string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	client, err := serving.NewForConfig(t.Config)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := client.ServingV1().Services(Namespace).Get(ctx, Service, metav1.GetOptions{})
		if err == nil && s.IsReady() && s.Status.LatestReadyRevisionName == revision {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("service %s with revision %s not ready: %w", Service, revision, ctx.Err())
		}
	}
}

// Load starts the tutorial's Fortio Job at rps requests a second, until it is deleted.
func (t Tutorial) Load(ctx context.Context, rps float64) error {
	client, err := kubernetes.NewForConfig(t.Config)
	if err != nil {
		return err
	}
	results := corev1.Volume{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: LoadJob, Namespace: Namespace},
		Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
			RestartPolicy: corev1.RestartPolicyNever,
			Volumes:       []corev1.Volume{results},
			Containers: []corev1.Container{{
				Name: "fortio", Image: "fortio/fortio",
				Command: []string{
					"fortio", "load", "-t", "0", "-qps", strconv.FormatFloat(rps, 'g', -1, 64),
					"-json", "/shared/fortiooutput.json", "$(URL)",
				},
				Env:          []corev1.EnvVar{{Name: "URL", Value: "http://" + Service + "." + Namespace + ".svc.cluster.local"}},
				VolumeMounts: []corev1.VolumeMount{{Name: "shared", MountPath: "/shared"}},
			}},
		}}},
	}
	_, err = client.BatchV1().Jobs(Namespace).Create(ctx, job, metav1.CreateOptions{})
	return err
}
