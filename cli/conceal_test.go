package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"perch/experiment"
)

func TestWhatIsRecordedHasNoSecrets(t *testing.T) {
	t.Parallel()
	spec := experiment.Spec{
		Start:  []experiment.Task{{Name: experiment.BashTask, Script: "TOKEN=hush deploy"}},
		Finish: []experiment.Task{{Name: experiment.ExecTask, Cmd: "helm", Args: []string{"upgrade", "app", "--set=login.password=hush"}}},
	}
	text, err := json.Marshal(concealed(spec))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hush") || !strings.Contains(string(text), "login.password=***") {
		t.Errorf("recorded is %s, want it without hush", text)
	}
	if spec.Finish[0].Args[2] != "--set=login.password=hush" {
		t.Errorf("the spec itself has %q", spec.Finish[0].Args)
	}
}
