package kube

import (
	"context"
	"fmt"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"perch/experiment"
)

// helmCheckTimeout bounds the look at releases, charts and values; callTimeout bounds the others.
const helmCheckTimeout = time.Minute

// Check looks at everything in the cluster that a run needs, and writes nothing: the server and its
// clock, the target and its versions, who else owns them, the release, the chart and the values of
// every version's promotion (unless helm is nil), and the permissions. One part that fails does not
// hide the others; what several parts find wrong alike is told once. A finding is wrong when the run
// would fail.
func (c *Cluster) Check(ctx context.Context, spec experiment.Spec, helm *Helm) []experiment.Finding {
	parts := []part{
		{"API server", callTimeout, func(ctx context.Context) []experiment.Finding { return c.checkServer(ctx, spec) }},
		{"target " + spec.Target.String(), callTimeout, func(ctx context.Context) []experiment.Finding {
			return NewKnative(c).check(ctx, spec)
		}},
	}
	if helm != nil {
		parts = append(parts, part{"promotion", helmCheckTimeout, func(ctx context.Context) []experiment.Finding {
			return helm.check(ctx, spec)
		}})
	}
	parts = append(parts, part{"permissions", callTimeout, func(ctx context.Context) []experiment.Finding {
		return c.checkPermissions(ctx, permissions(spec, helm))
	}})
	return once(sideBySide(ctx, parts))
}

// A part is one look at the cluster.
type part struct {
	subject string
	limit   time.Duration
	look    func(ctx context.Context) []experiment.Finding
}

// sideBySide lets all parts look at once, and lists what they find in their order. A part that is
// not done in time is a finding too. It is not waited for: Helm fetches charts without a context,
// for two minutes at most, and what it says then is dropped with its channel.
func sideBySide(ctx context.Context, parts []part) []experiment.Finding {
	answers := make([]chan []experiment.Finding, len(parts)) // each its part sends to once; nobody closes
	for i, p := range parts {
		answers[i] = make(chan []experiment.Finding, 1)
		go func() {
			ctx, cancel := context.WithTimeout(ctx, p.limit)
			defer cancel()
			answers[i] <- p.look(ctx)
		}()
	}
	begin := time.Now()
	var all []experiment.Finding
	for i, p := range parts {
		patience := p.limit + time.Second - time.Since(begin) // a part says better itself that it had no answer
		all = append(all, p.await(ctx, answers[i], patience)...)
	}
	return all
}

// await takes a part's answer, one that is there already in any case.
func (p part) await(ctx context.Context, answer <-chan []experiment.Finding, patience time.Duration) []experiment.Finding {
	select {
	case found := <-answer:
		return found
	default:
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case found := <-answer:
		return found
	case <-late.C:
		return unfinished(p, "it took longer than "+shortDuration(p.limit))
	case <-ctx.Done():
		return unfinished(p, "it was not looked at to the end: "+ctx.Err().Error())
	}
}

func unfinished(p part, what string) []experiment.Finding {
	return []experiment.Finding{{Subject: p.subject, Grade: experiment.Wrong, What: what, Hint: "check again; it may pass"}}
}

// once leaves out what was said before: a server that does not answer fails every part alike, and
// two versions may have a chart in common.
func once(all []experiment.Finding) []experiment.Finding {
	var list []experiment.Finding
	for _, f := range all {
		said := slices.ContainsFunc(list, func(before experiment.Finding) bool {
			return before.What == f.What && before.Grade == f.Grade && (before.Subject == f.Subject || f.Grade == experiment.Wrong)
		})
		if !said {
			list = append(list, f)
		}
	}
	return list
}

// check looks at the target, its versions, its traffic and its owners.
func (k *Knative) check(ctx context.Context, spec experiment.Spec) []experiment.Finding {
	subject := "target " + spec.Target.String()
	s, err := k.get(ctx, spec.Target)
	if err != nil {
		return []experiment.Finding{experiment.WrongIf(subject, err, "")}
	}
	all := []experiment.Finding{{Subject: subject, Grade: experiment.Fine, What: "it is ready"}}
	if !s.is("Ready", "ConfigurationsReady", "RoutesReady") {
		all[0].Grade, all[0].What, all[0].Hint = experiment.Wrong, s.why(), "kubectl describe ksvc "+s.Meta.Name+" -n "+s.Meta.Namespace
	}
	all = append(all, k.checkVersions(ctx, s, spec)...)
	for _, o := range k.owners(s, spec) {
		all = append(all, experiment.Finding{Subject: subject, Grade: experiment.Doubtful,
			What: fmt.Sprintf("%s (%s) manages it, and may undo what Perch writes", o.Tool, o.Name), Hint: o.Hint})
	}
	return all
}

// checkVersions looks at the revision of each version, and at who has traffic besides.
func (k *Knative) checkVersions(ctx context.Context, s ksvc, spec experiment.Spec) []experiment.Finding {
	var all []experiment.Finding
	owner := map[string]string{}
	others := s.served()
	for _, v := range spec.Versions {
		subject := "version " + v.Name
		revision, err := s.revisionFor(v, spec.Target)
		if err != nil {
			all = append(all, experiment.Finding{Subject: subject, Grade: experiment.Wrong, What: err.Error(),
				Hint: "give it a variable named revision, or a weightObjRef to its entry of spec.traffic"})
			continue
		}
		percent, targeted := s.served()[revision]
		delete(others, revision)
		well := fmt.Sprintf("revision %s is ready and has %d %% of the traffic", revision, percent)
		err = k.checkRevision(ctx, spec.Target.Namespace, revision)
		switch other, taken := owner[revision]; {
		case taken:
			err = experiment.WithHint(fmt.Errorf("it is the same revision as version %s, %s", other, revision),
				"name another revision in versionInfo")
		case err == nil && !targeted:
			err = s.untargeted(revision)
		}
		owner[revision] = v.Name
		f := experiment.WrongIf(subject, err, well)
		if apierrors.IsForbidden(err) { // a run does without looking at revisions
			f.Grade = experiment.Doubtful
		}
		all = append(all, f)
	}
	return append(all, experiment.WrongIf("traffic", s.stranger(others), s.percentages()))
}
