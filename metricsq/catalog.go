package metricsq

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"perch/experiment"
)

//go:embed packs/*.yaml
var packs embed.FS

// A catalog holds the metrics of all packs by their ref, and the families by their name.
type catalog struct {
	metrics  map[string]metric
	families map[string]family
}

// packHint is the way out of every mistake in a user's pack.
const packHint = "docs/metrics.md says how metrics are written"

// loadCatalog reads and checks the metric packs that are built in, and the user's. A user's metric
// or family takes the place of one that is built in.
func loadCatalog(files ...string) (catalog, error) {
	all, err := loadBuiltIn(packs)
	if err != nil {
		return catalog{}, err
	}
	own := newCatalog()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return catalog{}, experiment.WithHint(fmt.Errorf("metric pack %w", err), "name a YAML file of Iter8 Metrics")
		}
		if err := own.load(file, data); err != nil {
			return catalog{}, experiment.WithHint(err, packHint)
		}
	}
	maps.Copy(all.metrics, own.metrics)
	maps.Copy(all.families, own.families)
	if err := all.check(); err != nil {
		return catalog{}, experiment.WithHint(err, packHint)
	}
	return all, nil
}

func newCatalog() catalog {
	return catalog{map[string]metric{}, map[string]family{}}
}

// loadBuiltIn reads every YAML file in the folder packs.
func loadBuiltIn(fsys fs.FS) (catalog, error) {
	all := newCatalog()
	files, err := fs.Glob(fsys, "packs/*.yaml")
	if err != nil {
		return all, err
	}
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return all, err
		}
		if err := all.load(file, data); err != nil {
			return all, err
		}
	}
	return all, all.check()
}

// load reads one file.
func (c catalog) load(file string, data []byte) error {
	all, err := documents(file, data)
	if err != nil {
		return err
	}
	for _, d := range all {
		switch d.kind {
		case "Metric":
			err = c.loadMetric(d)
		case "Family":
			err = c.loadFamily(d)
		default:
			err = d.wrong(fmt.Errorf("kind %q is neither Metric nor Family", d.kind))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c catalog) loadMetric(d document) error {
	m := metric{source: d}
	if err := d.decode(&m); err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return d.wrong(err)
	}
	if err := m.compile(); err != nil {
		return d.wrong(err)
	}
	if _, twice := c.metrics[m.ref()]; twice {
		return d.wrong(fmt.Errorf("metric %s stands twice", m.ref()))
	}
	c.metrics[m.ref()] = m
	return nil
}

func (c catalog) loadFamily(d document) error {
	var f family
	if err := d.decode(&f); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return d.wrong(err)
	}
	if _, twice := c.families[f.Metadata.Name]; twice {
		return d.wrong(fmt.Errorf("family %s stands twice", f.Metadata.Name))
	}
	c.families[f.Metadata.Name] = f
	return nil
}

// check finds the references that lead nowhere.
func (c catalog) check() error {
	for _, ref := range slices.Sorted(maps.Keys(c.metrics)) {
		m := c.metrics[ref]
		if size := m.sampleSize(); size != "" && !c.has(size) {
			return m.source.wrong(fmt.Errorf("metric %s: there is no sampleSize %s", ref, size))
		}
		f, ok := c.families[m.family()]
		switch {
		case m.family() == "":
		case !ok:
			return m.source.wrong(fmt.Errorf("metric %s: there is no family %s", ref, m.family()))
		case m.kind() == experiment.ErrorRate && f.Spec.Errors == nil:
			return m.source.wrong(fmt.Errorf("metric %s: family %s does not tell errors", ref, m.family()))
		case m.kind() != experiment.ErrorRate && m.kind() != "" && f.Spec.Histogram == "":
			return m.source.wrong(fmt.Errorf("metric %s: family %s has no latencies", ref, m.family()))
		}
	}
	return nil
}

func (c catalog) has(ref string) bool {
	_, ok := c.metrics[ref]
	return ok
}

// familiesOf lists the families of the metrics that a spec refers to, once each.
func (c catalog) familiesOf(spec experiment.Spec) []string {
	var names []string
	for _, ref := range refs(spec) {
		if name := c.metrics[ref].family(); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Describe describes every metric that a spec refers to, once each, in the spec's order:
// objectives, indicators, request count. Metrics that no pack has are an error that names all of
// them, beside what is known of the others: an objective that cannot be measured must never look
// like one that is met. Packs are files of the user, beside those that are built in.
func Describe(spec experiment.Spec, packs ...string) ([]experiment.Metric, error) {
	all, err := loadCatalog(packs...)
	if err != nil {
		return nil, err
	}
	var found []experiment.Metric
	var unknown []string
	for _, ref := range refs(spec) {
		if !all.has(ref) {
			unknown = append(unknown, ref)
			continue
		}
		found = append(found, all.metrics[ref].describe())
	}
	if len(unknown) > 0 {
		return found, all.unknownError(unknown)
	}
	return found, nil
}

// refs lists the metrics that a spec refers to, once each.
func refs(spec experiment.Spec) []string {
	var list []string
	add := func(ref string) {
		if ref != "" && !slices.Contains(list, ref) {
			list = append(list, ref)
		}
	}
	for _, o := range spec.Criteria.Objectives {
		add(o.Metric)
	}
	for _, ref := range spec.Criteria.Indicators {
		add(ref)
	}
	add(spec.Criteria.RequestCount)
	return list
}

// unknownError names the unknown metrics, and those that are known in their namespaces; its hint is
// a known metric that has the same name elsewhere, the usual slip.
func (c catalog) unknownError(unknown []string) error {
	var known, namespaces []string
	for _, ref := range slices.Sorted(maps.Keys(c.metrics)) {
		namespace, _, _ := strings.Cut(ref, "/")
		if slices.ContainsFunc(unknown, func(u string) bool { return strings.HasPrefix(u, namespace+"/") }) {
			known = append(known, ref)
		}
		if !slices.Contains(namespaces, namespace+"/…") {
			namespaces = append(namespaces, namespace+"/…")
		}
	}
	if len(known) == 0 {
		known = namespaces
	}
	hint := "write each metric as namespace/name, as the known ones are"
	for _, u := range slices.Backward(unknown) {
		if ref := c.namesake(u); ref != "" {
			hint = fmt.Sprintf("write %s in place of %s", ref, u)
		}
	}
	return experiment.WithHint(errors.New("unknown metric "+strings.Join(unknown, ", ")+
		"; known are "+strings.Join(known, ", ")), hint)
}

// namesake finds a metric of the same name in another namespace, best in the tutorial's.
func (c catalog) namesake(unknown string) string {
	name := unknown[strings.LastIndex(unknown, "/")+1:]
	if ref := "iter8-knative/" + name; c.has(ref) {
		return ref
	}
	for _, ref := range slices.Sorted(maps.Keys(c.metrics)) {
		if strings.HasSuffix(ref, "/"+name) {
			return ref
		}
	}
	return ""
}
