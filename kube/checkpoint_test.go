package kube

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const mapKey = "configmaps/default/perch-sample-app"

func TestCheckpoint(t *testing.T) {
	t.Parallel()
	f := newFakeObjects()
	c := NewCheckpoints(f.cluster())
	if data, found, err := c.Load(t.Context(), app()); data != nil || found || err != nil {
		t.Errorf("data %q, found %t, error %v before any checkpoint", data, found, err)
	}
	for _, want := range []string{"first", strings.Repeat("second", 1<<20), ""} {
		if err := c.Save(t.Context(), app(), []byte(want)); err != nil {
			t.Fatal(err)
		}
		got, found, err := c.Load(t.Context(), app())
		if string(got) != want || !found || err != nil {
			t.Errorf("%d bytes, found %t, error %v, want %d bytes", len(got), found, err, len(want))
		}
	}
	if o := f.kept[mapKey].(*corev1.ConfigMap); o.Labels[managedByKey] != "perch" || len(o.Data) > 0 {
		t.Errorf("labels %v, data %v", o.Labels, o.Data)
	}
	for range 2 { // the second time there is nothing to delete
		if err := c.Delete(t.Context(), app()); err != nil {
			t.Error(err)
		}
	}
	if d := cmp.Diff([]string{"create configmaps", "update configmaps", "update configmaps", "delete configmaps"}, f.wrote()); d != "" {
		t.Errorf("writes (-want +got)\n%s", d)
	}
}

func TestCheckpointLimits(t *testing.T) {
	t.Parallel()
	f := newFakeObjects()
	c := NewCheckpoints(f.cluster())
	noise := make([]byte, checkpointMost+1)
	for i := range noise {
		noise[i] = byte(rand.Int())
	}
	if err := c.Save(t.Context(), app(), noise); !strings.Contains(text(err), "no more than 900 KiB can be kept") || len(f.wrote()) > 0 {
		t.Errorf("error %q for noise of %d bytes", text(err), len(noise))
	}
	part, err := pack(make([]byte, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	bomb := bytes.Repeat(part, unpackedMost>>20+1)
	tests := []struct {
		name   string
		label  string
		packed []byte
		want   string
	}{
		{"of somebody else", "Helm", bomb, "the ConfigMap perch-sample-app is not Perch's | look at it"},
		{"empty", managedBy, nil, "it is damaged: EOF | the record"},
		{"torn", managedBy, part[:len(part)/2], "it is damaged: unexpected EOF"},
		{"a bomb", managedBy, bomb, "it is damaged: it unpacks to more than 32 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newFakeObjects()
			f.kept[mapKey] = &corev1.ConfigMap{
				ObjectMeta: metav1.ObjectMeta{Name: "perch-sample-app", Namespace: "default", Labels: map[string]string{managedByKey: tt.label}},
				BinaryData: map[string][]byte{checkpointKey: tt.packed}}
			if _, found, err := NewCheckpoints(f.cluster()).Load(t.Context(), app()); found || !strings.Contains(text(err), tt.want) {
				t.Errorf("found %t, error %q, want %q in it", found, text(err), tt.want)
			}
		})
	}
}

func TestSaveIsTriedAgain(t *testing.T) {
	t.Parallel()
	refused := apierrors.NewForbidden(corev1.Resource("configmaps"), "perch-sample-app",
		errors.New(`User "ann" cannot update resource "configmaps" in API group "" in the namespace "default"`))
	tests := []struct {
		name     string
		trouble  []error // of the writes
		answered bool    // they were done, but the answer was lost
		err      string
	}{
		{"conflict", []error{apierrors.NewConflict(corev1.Resource("configmaps"), "x", nil)}, false, ""},
		{"the server is busy", []error{apierrors.NewTooManyRequests("slow", 1), apierrors.NewServiceUnavailable("down")}, false, ""},
		{"a lost answer", []error{context.DeadlineExceeded}, true, ""},
		{"forbidden", []error{refused}, false, "the cluster forbids it: ann needs update on configmaps in default | ask for that permission"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFakeObjects()
				c := NewCheckpoints(f.cluster())
				if err := c.Save(t.Context(), app(), []byte("before")); err != nil {
					t.Fatal(err)
				}
				trouble := func(verb, _ string) (err error) {
					if verb == "update" && len(tt.trouble) > 0 {
						err, tt.trouble = tt.trouble[0], tt.trouble[1:]
					}
					return err
				}
				if tt.answered {
					f.deaf = trouble
				} else {
					f.trouble = trouble
				}
				err := c.Save(t.Context(), app(), []byte("after"))
				got, _, _ := c.Load(t.Context(), app())
				if (err == nil) != (tt.err == "") || !strings.Contains(text(err), tt.err) || bytes.Equal(got, []byte("after")) != (err == nil) {
					t.Errorf("error %q, kept %q, want %q", text(err), got, tt.err)
				}
			})
		})
	}
}

func TestCheckpointNeedsTheLease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeObjects()
		l, c := f.driver(t.TempDir(), "r1"), NewCheckpoints(f.cluster())
		c.Guard(l)
		writes := map[string]func() error{
			"save":   func() error { return c.Save(t.Context(), app(), []byte("x")) },
			"delete": func() error { return c.Delete(t.Context(), app()) },
		}
		refused := func(when string) {
			for name, write := range writes {
				err := write()
				if _, lost := errors.AsType[*LostError](err); !lost || f.kept[mapKey] != nil {
					t.Errorf("%s %s: error %v, want a LostError", name, when, err)
				}
			}
		}
		refused("without the lease")
		if err := l.Acquire(t.Context(), app(), Politely); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"save", "delete"} {
			if err := writes[name](); err != nil {
				t.Errorf("%s with the lease: %v", name, err)
			}
		}
		f.steal()
		refused("after it was stolen")
		giveBack(t, l)
	})
}
