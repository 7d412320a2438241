package kube

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"

	"perch/experiment"
)

const (
	checkpointKey = "checkpoint.gz"
	// checkpointMost is how large a checkpoint may be as it is kept: an API server takes a little more.
	checkpointMost = 900 << 10
	// unpackedMost bounds what a checkpoint may unpack to, whoever wrote it.
	unpackedMost = 32 << 20
)

// Checkpoints keep, beside a service, what the next process needs to go on with a run: one ConfigMap
// perch-<service> each. What is in it is the caller's; it has to hold no secret, because ConfigMaps
// are read by many.
type Checkpoints struct {
	client  kubernetes.Interface
	context access
	lease   *Lease
}

// NewCheckpoints keeps checkpoints in a cluster.
func NewCheckpoints(c *Cluster) *Checkpoints {
	return &Checkpoints{client: c.typed, context: c.context}
}

// Guard makes every write depend on a lease. Call it before the first write.
func (c *Checkpoints) Guard(l *Lease) { c.lease = l }

// Load reads the checkpoint of a target. Not found is no error.
func (c *Checkpoints) Load(ctx context.Context, t experiment.Target) (data []byte, found bool, err error) {
	o, err := c.get(ctx, t)
	if err == nil && o != nil {
		data, err = unpack(o.BinaryData[checkpointKey])
	}
	if err != nil {
		return nil, false, c.wrap("read the checkpoint of", t, err)
	}
	return data, o != nil, nil
}

// Save replaces the checkpoint of a target. It is tried again when an answer was lost, or when
// somebody else wrote to the object.
func (c *Checkpoints) Save(ctx context.Context, t experiment.Target, data []byte) error {
	packed, err := pack(data)
	if err == nil {
		err = c.change(ctx, t, func(ctx context.Context, o *corev1.ConfigMap) error { return c.put(ctx, t, o, packed) })
	}
	return c.wrap("keep the checkpoint of", t, err)
}

// Delete removes the checkpoint of a target. It need not be there.
func (c *Checkpoints) Delete(ctx context.Context, t experiment.Target) error {
	err := c.change(ctx, t, func(ctx context.Context, o *corev1.ConfigMap) error {
		if o == nil {
			return nil
		}
		return c.maps(t).Delete(ctx, o.Name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{ResourceVersion: &o.ResourceVersion}})
	})
	return c.wrap("remove the checkpoint of", t, err)
}

// change reads the object (nil: it is not there), asks who has the lease, and writes.
func (c *Checkpoints) change(
	ctx context.Context, t experiment.Target, write func(context.Context, *corev1.ConfigMap) error,
) (err error) {
	pause := firstPause
	for range writeAttempts {
		if err = c.try(ctx, t, write); err == nil || !again(err) || sleep(ctx, jittered(pause)) != nil {
			return err
		}
		pause = min(2*pause, lastPause)
	}
	return err
}

func (c *Checkpoints) try(
	ctx context.Context, t experiment.Target, write func(context.Context, *corev1.ConfigMap) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	pass, err := c.lease.enter(t)
	if err != nil {
		return err
	}
	o, err := c.get(ctx, t)
	if err != nil {
		return err
	}
	if err := pass.confirm(ctx); err != nil {
		return err
	}
	return write(ctx, o)
}

// get reads the object; nil: it is not there. One that is not Perch's is an error.
func (c *Checkpoints) get(ctx context.Context, t experiment.Target) (*corev1.ConfigMap, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	o, err := c.maps(t).Get(ctx, leaseName(t), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case o.Labels[managedByKey] != managedBy:
		return nil, experiment.WithHint(fmt.Errorf("the ConfigMap %s is not Perch's", o.Name),
			"look at it, and delete it if nobody needs it: kubectl get configmap "+o.Name+" -n "+o.Namespace+" -o yaml")
	}
	return o, nil
}

// put writes the object on condition that it is as it was read, or makes it.
func (c *Checkpoints) put(ctx context.Context, t experiment.Target, o *corev1.ConfigMap, packed []byte) error {
	if o == nil {
		o = &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: leaseName(t), Namespace: t.Namespace,
			Labels: map[string]string{managedByKey: managedBy}}}
	}
	o.BinaryData = map[string][]byte{checkpointKey: packed}
	var err error
	if o.ResourceVersion == "" {
		_, err = c.maps(t).Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager})
	} else {
		_, err = c.maps(t).Update(ctx, o, metav1.UpdateOptions{FieldManager: FieldManager})
	}
	return err
}

func (c *Checkpoints) maps(t experiment.Target) typed.ConfigMapInterface {
	return c.client.CoreV1().ConfigMaps(t.Namespace)
}

func (c *Checkpoints) wrap(doing string, t experiment.Target, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", doing, t, explain(err, c.context))
}

func pack(data []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(data)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, err
	}
	if packed.Len() > checkpointMost {
		return nil, fmt.Errorf("it has %d KiB, and no more than %d KiB can be kept", packed.Len()>>10, checkpointMost>>10)
	}
	return packed.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, damaged(err)
	}
	data, err := io.ReadAll(io.LimitReader(r, unpackedMost+1))
	if err == nil && len(data) > unpackedMost {
		err = fmt.Errorf("it unpacks to more than %d MiB", unpackedMost>>20)
	}
	if err != nil {
		return nil, damaged(err)
	}
	return data, nil
}

func damaged(err error) error {
	return experiment.WithHint(fmt.Errorf("it is damaged: %w", err),
		"the record on the machine that drove the run has the same, and more")
}
