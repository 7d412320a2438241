package metricsq

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"perch/experiment"
)

// tolerableSkew is how far Prometheus' clock may be from this one: counts are cut at its scrapes, and
// asked for by this clock.
const tolerableSkew = 2 * time.Second

// Check looks at everything that measuring an experiment rests on, without changing anything: that
// the backend answers and what clock it has, that each metric resolves for each version, that limits
// can be told by the buckets there are, and that scrapes and traffic suffice. It asks for the last five
// minutes. The revisions of the versions should be known.
func (c *Client) Check(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	spec = withNamespace(spec)
	subject := "prometheus at " + c.endpoint
	var findings []experiment.Finding
	for _, warning := range c.Warnings() {
		findings = append(findings, experiment.Finding{Subject: subject, Grade: experiment.Doubtful, What: warning})
	}
	if err := c.Ping(ctx); err != nil {
		return append(findings, experiment.WrongIf(subject, err, ""))
	}
	findings = append(findings, c.checkVersion(ctx, subject), c.checkClock(ctx, subject))
	if unknown := c.catalog.unknownIn(spec); len(unknown) > 0 {
		findings = append(findings, experiment.WrongIf("metrics", c.catalog.unknownError(unknown), ""))
	}
	findings = append(findings, c.checkMetrics(ctx, spec)...)
	return append(findings, c.checkCounts(ctx, spec)...)
}

// checkVersion says which Prometheus it is, where it says so itself: not everything that understands
// PromQL does.
func (c *Client) checkVersion(ctx context.Context, subject string) experiment.Finding {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	f := experiment.Finding{Subject: subject, Grade: experiment.Fine, What: "it answers"}
	if info, err := c.prometheus.Buildinfo(ctx); err == nil && info.Version != "" {
		f.What = c.said("version " + info.Version + " answers")
	}
	return f
}

// checkClock compares the clocks, as far as the time that the answer took lets it.
func (c *Client) checkClock(ctx context.Context, subject string) experiment.Finding {
	f := experiment.Finding{Subject: "clock of " + subject, Grade: experiment.Fine, What: "agrees with this machine's"}
	before := time.Now()
	answer, err := c.instant(ctx, "time()", time.Time{})
	after := time.Now()
	scalar, ok := answer.(*model.Scalar)
	if err != nil || !ok {
		f.Grade, f.What = experiment.Doubtful, "it does not say what time it is"
		return f
	}
	there := time.UnixMilli(int64(float64(scalar.Value) * 1000))
	skew, sense := there.Sub(after), "ahead of"
	if there.Before(before) {
		skew, sense = before.Sub(there), "behind"
	}
	if skew > tolerableSkew {
		f.Grade = experiment.Doubtful
		f.What = fmt.Sprintf("%s %s this machine's", skew.Round(100*time.Millisecond), sense)
		f.Hint = "set both by NTP: requests are counted to the wrong iteration"
	}
	return f
}

// unknownIn lists the metrics of a spec that no pack has.
func (c catalog) unknownIn(spec experiment.Spec) []string {
	var unknown []string
	for _, ref := range refs(spec) {
		if !c.has(ref) {
			unknown = append(unknown, ref)
		}
	}
	return unknown
}

// checkMetrics asks for each metric of each version.
func (c *Client) checkMetrics(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	now := time.Now()
	var findings []experiment.Finding
	for _, s := range c.Measure(ctx, spec, now.Add(-lookback), now) {
		m, known := c.catalog.metrics[s.Metric]
		if !known {
			continue
		}
		f := experiment.Finding{Subject: fmt.Sprintf("metric %s of %s", m.label(), s.Version)}
		f.Grade, f.What, f.Hint = gradeOf(s, s.Version == spec.Baseline().Name)
		if s.Value != nil {
			f.What = experiment.Units(m.Spec.Units).Format(*s.Value) + " in the last 5 minutes"
		}
		if v, ok := spec.Version(s.Version); ok {
			f = m.gradeVariables(f, v)
		}
		if s.Query != "" {
			f.Detail = []string{s.Query}
		}
		findings = append(findings, f)
	}
	return findings
}

// withNamespace adds the variable that the start of a run adds: where the target is.
func withNamespace(spec experiment.Spec) experiment.Spec {
	spec.Versions = slices.Clone(spec.Versions)
	for i, v := range spec.Versions {
		if _, ok := v.Variables["namespace"]; !ok {
			variables := map[string]string{"namespace": spec.Target.Namespace}
			maps.Copy(variables, v.Variables)
			spec.Versions[i].Variables = variables
		}
	}
	return spec
}

// gradeVariables grades anew the finding of a metric whose query a version cannot fill.
func (m metric) gradeVariables(f experiment.Finding, v experiment.Version) experiment.Finding {
	word := m.unfilled(v)
	switch {
	case word == "":
	case word == "revision" && v.WeightObjRef != nil:
		f.Grade, f.What = experiment.Doubtful, "its revision is not known before the start"
		f.Hint = "nothing is to be done, but add the variable revision to look at the metric now"
	default:
		f.Grade, f.What = experiment.Wrong, "its query needs the variable "+word+", which the version lacks"
		f.Hint = "add it to the variables of " + v.Name
	}
	return f
}

// gradeOf says what a sample means before an experiment. A candidate without traffic has none yet; a
// baseline without any leaves nothing to compare with.
func gradeOf(s experiment.Sample, baseline bool) (g experiment.Grade, what, hint string) {
	switch {
	case s.Value != nil:
		return experiment.Fine, "", ""
	case s.Missing.NoTraffic() && !baseline:
		return experiment.Fine, "no requests yet", ""
	case s.Missing.NoTraffic():
		return experiment.Doubtful, "no requests in the last 5 minutes", "send it some, and see that Prometheus scrapes its pods under these names and labels"
	case s.Missing == experiment.Partial || s.Missing == experiment.Unreachable:
		return experiment.Doubtful, s.Why(), "a run holds the weights for as long as this lasts"
	case s.Missing == experiment.Ambiguous:
		return experiment.Wrong, s.Why(), "wrap the query in sum(), or select one series"
	}
	return experiment.Wrong, s.Why(), "ask Prometheus the query below in a browser"
}

// unfilled names the first placeholder of the metric's query for which a version has no value.
func (m metric) unfilled(v experiment.Version) string {
	texts := []string{m.Spec.Body}
	for _, p := range m.Spec.Params {
		texts = append(texts, p.Value)
	}
	known := plain(v, 0)
	for _, match := range placeholder.FindAllStringSubmatch(strings.Join(texts, " "), -1) {
		if word := match[1] + match[2]; word != "" {
			if _, ok := known[word]; !ok {
				return word
			}
		}
	}
	return ""
}
