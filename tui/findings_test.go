package tui

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"perch/experiment"
)

func preflight() []experiment.Finding {
	return []experiment.Finding{
		{Subject: "target default/shop", Grade: experiment.Fine, What: "it is ready", Detail: []string{"not shown"}},
		{Subject: "p95 latency of candidate", Grade: experiment.Doubtful, What: "limit 120 is not a bucket bound", Hint: "nearest are 100 and 150", Detail: []string{"histogram_quantile(0.95, …)"}},
		{Subject: "permissions", What: "patch on services is missing\x1b[31m!", Hint: "ask for it"},
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list  []experiment.Finding
		ascii bool
		want  string
	}{
		"everything": {preflight(), false, ` ✔ target default/shop       it is ready
 ? p95 latency of candidate  limit 120 is not a bucket bound
                             histogram_quantile(0.95, …)
                             hint: nearest are 100 and 150
 ✖ permissions               patch on services is missing [31m!
                             hint: ask for it

 1 wrong, 1 doubtful, of 3 findings: a run would not do
`},
		"only doubts": {preflight()[:2], true, ` ok target default/shop       it is ready
 ?? p95 latency of candidate  limit 120 is not a bucket bound
                             histogram_quantile(0.95, ...)
                             hint: nearest are 100 and 150

 nothing is wrong, 1 doubtful, of 2 findings
`},
		"nothing wrong": {preflight()[:1], false, " ✔ target default/shop  it is ready\n\n all is well: 1 finding\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := Findings(&out, tt.list, Appearance{ASCII: tt.ascii, NoColor: true}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
		})
	}
}

func TestFindingsJSON(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := FindingsJSON(&out, preflight()[:1]); err != nil {
		t.Fatal(err)
	}
	want := `{"subject":"target default/shop","grade":"fine","what":"it is ready","detail":["not shown"]}` + "\n"
	if out.String() != want {
		t.Errorf("want %s got %s", want, out.String())
	}
}
