package experiment

import (
	"maps"
	"slices"
)

// versions reads versionInfo: one baseline and, in a Canary, one candidate.
func (o object) versions() []Version {
	var versions []Version
	if f, ok := o.field("baseline"); ok {
		versions = append(versions, o.version(f))
	} else {
		o.add(f.line, "spec.versionInfo.baseline", "is missing")
		versions = append(versions, Version{})
	}
	candidates := o.list("candidates")
	for _, f := range candidates {
		versions = append(versions, o.version(f))
	}
	switch {
	case len(candidates) == 0:
		o.add(o.line, "spec.versionInfo.candidates", "is missing: a Canary has exactly one candidate")
		versions = append(versions, Version{})
	case len(candidates) > 1:
		o.add(candidates[1].line, candidates[1].path, "is one too many: a Canary has exactly one candidate")
	case versions[0].Name != "" && versions[0].Name == versions[1].Name:
		o.add(candidates[0].line, candidates[0].path+".name",
			"is %q, as the baseline's: names must differ", versions[1].Name)
	}
	return versions
}

func (o object) version(f field) Version {
	inner := o.mapping(f)
	v := Version{Name: inner.required("name"), Variables: map[string]string{}}
	for _, element := range inner.list("variables") {
		variable := o.mapping(element)
		name := variable.required("name")
		if _, twice := v.Variables[name]; twice {
			o.add(element.line, element.path, "sets variable %q twice", name)
		}
		v.Variables[name] = variable.required("value")
		variable.close()
	}
	if ref, ok := inner.object("weightObjRef"); ok {
		v.WeightObjRef = ref.weightObjRef()
	}
	if v.Revision() == "" && v.WeightObjRef == nil {
		o.add(inner.line, inner.path, "names no revision: add a variable named revision, or a weightObjRef")
	}
	inner.close()
	return v
}

func (o object) weightObjRef() *WeightObjRef {
	r := &WeightObjRef{
		APIVersion: o.required("apiVersion"),
		Kind:       o.required("kind"),
		Namespace:  o.text("namespace"),
		Name:       o.required("name"),
		FieldPath:  o.required("fieldPath"),
	}
	o.ignore("uid", "resourceVersion")
	o.close()
	if r.APIVersion != "serving.knative.dev/v1" || r.Kind != "Service" {
		o.add(o.line, o.path, "is a %s of %s; this version of Perch shifts only the traffic of a Service of serving.knative.dev/v1",
			r.Kind, r.APIVersion)
		return r
	}
	if _, err := r.TrafficIndex(); err != nil && r.FieldPath != "" {
		o.add(o.fields["fieldPath"].line, join(o.path, "fieldPath"), "%s", err)
	}
	return r
}

// variables is what templates and metrics may refer to: the version's variables, and its name.
func (v Version) variables() map[string]string {
	vars := maps.Clone(v.Variables)
	if vars == nil {
		vars = map[string]string{}
	}
	vars["name"] = v.Name
	return vars
}

// Lookup finds what $word in a metric stands for: a variable, or the version's name for "name".
func (v Version) Lookup(word string) (string, bool) {
	value, ok := v.variables()[word]
	return value, ok
}

// variableNames lists the variables in a fixed order, for messages.
func (v Version) variableNames() []string { return slices.Sorted(maps.Keys(v.variables())) }

// With is the spec with more variables for its versions, by their names. What the file says wins.
func (s Spec) With(variables map[string]map[string]string) Spec {
	s.Versions = slices.Clone(s.Versions)
	for i, v := range s.Versions {
		added := maps.Clone(variables[v.Name])
		if added == nil {
			continue
		}
		maps.Copy(added, v.Variables)
		s.Versions[i].Variables = added
	}
	return s
}
