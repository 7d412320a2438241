package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"perch/experiment"
)

// Driver tells who has the lease of a target, whether it was renewed in time or not; the zero Driver:
// nobody. It changes nothing.
func (c *Checkpoints) Driver(ctx context.Context, t experiment.Target) (experiment.Driver, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := getLease(ctx, c.client.CoordinationV1().Leases(t.Namespace), leaseName(t))
	switch {
	case apierrors.IsNotFound(err):
		return experiment.Driver{}, nil
	case err != nil:
		return experiment.Driver{}, fmt.Errorf("look who drives %s: %w", t, explain(err, c.context))
	}
	if d := driverOf(found); d.Run != "" {
		return d, nil
	}
	return experiment.Driver{}, nil
}
