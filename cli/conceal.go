package cli

import (
	"perch/experiment"
	"perch/kube"
)

// concealed is a spec as a record and a checkpoint may have it: without the credentials that stand in
// its actions. Who carries the actions out takes them from the file.
func concealed(spec experiment.Spec) experiment.Spec {
	spec.Start, spec.Finish = concealedTasks(spec.Start), concealedTasks(spec.Finish)
	return spec
}

func concealedTasks(tasks []experiment.Task) []experiment.Task {
	var list []experiment.Task
	for _, t := range tasks {
		if t.Args != nil {
			t.Args = kube.ConcealArguments(t.Args)
		}
		if t.Script != "" {
			t.Script = kube.ConcealArguments([]string{t.Script})[0]
		}
		list = append(list, t)
	}
	return list
}
