package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"perch/experiment"
)

// skewDoubtful is how far two clocks may be apart before a person should know.
const skewDoubtful = 2 * time.Second

// checkServer asks the server for its version, and compares its clock.
func (c *Cluster) checkServer(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	const subject = "API server"
	begin := time.Now()
	version, date, err := c.serverVersion(ctx)
	if err != nil {
		return []experiment.Finding{experiment.WrongIf(subject, explain(err, c.context), "")}
	}
	all := []experiment.Finding{{Subject: subject, Grade: experiment.Fine,
		What: fmt.Sprintf("context %s leads to Kubernetes %s", c.context.name, version)}}
	there, err := http.ParseTime(date)
	if err != nil {
		return all // a gateway without a clock
	}
	end := time.Now()
	here := begin.Add(end.Sub(begin) / 2)
	return append(all, skew(there.Sub(here), end.Sub(begin), spec.Duration.Interval()))
}

// skew judges by how much the server's clock is ahead. It writes whole seconds, and the answer took a
// while: what may come from that alone is not counted.
func skew(ahead, took, interval time.Duration) experiment.Finding {
	ahead += time.Second / 2
	blur := time.Second/2 + took/2
	off := max(ahead.Abs()-blur, 0)
	f := experiment.Finding{Subject: "clock", Grade: experiment.Fine, What: "the clocks here and of the API server agree"}
	if off <= skewDoubtful {
		return f
	}
	f.Grade = experiment.Doubtful
	if off > interval/2 {
		f.Grade = experiment.Wrong
	}
	word := "behind"
	if ahead < 0 {
		word = "ahead of"
	}
	f.What = fmt.Sprintf("the clock here is %s %s that of the API server", off.Round(time.Second), word)
	f.Hint = "set it by NTP: leases and measurements go by the time"
	return f
}

// serverVersion asks for the version, and for the time by which the answer was given.
func (c *Cluster) serverVersion(ctx context.Context) (version, date string, err error) {
	inner, err := rest.TransportFor(c.config)
	if err != nil {
		return "", "", err
	}
	base, err := c.base()
	if err != nil {
		return "", "", err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath("version").String(), http.NoBody)
	if err != nil {
		return "", "", err
	}
	response, err := (&http.Client{Transport: inner}).Do(r)
	if err != nil {
		return "", "", err
	}
	defer func() { _ = response.Body.Close() }() // it was read as far as it counts
	if err := refusal(response); err != nil {
		return "", "", err
	}
	var answer struct {
		GitVersion string `json:"gitVersion"`
	}
	body := io.LimitReader(response.Body, refusalMost)
	if err := json.NewDecoder(body).Decode(&answer); err != nil || response.StatusCode != http.StatusOK {
		return "", "", apierrors.NewGenericServerResponse(response.StatusCode, "get", schema.GroupResource{Resource: "version"}, "", "", 0, true)
	}
	return answer.GitVersion, response.Header.Get("Date"), nil
}
