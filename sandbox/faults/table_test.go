package faults

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRulesStrikeInTheirOrder(t *testing.T) {
	t.Parallel()
	const rules = `[
		{"target":"api","method":"PATCH","path":"/services/sample-app$","skip":1,"times":2,"do":"status","code":409},
		{"target":"api","method":"PATCH","do":"status","code":503,"times":1},
		{"target":"charts","do":"reset"}]`
	s := newStand(t, API, rules, ok)
	var got []int
	for _, path := range []string{"/services/sample-app", "/services/sample-app", "/services/other", "/services/sample-app", "/services/sample-app"} {
		got = append(got, s.get(t, http.MethodPatch, path, "").code)
	}
	if diff := cmp.Diff([]int{503, 409, 200, 409, 200}, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	var counts []string
	for _, row := range s.rules.Rows() {
		counts = append(counts, fmt.Sprint(row.Matched, "/", row.Struck))
	}
	if diff := cmp.Diff([]string{"4/2", "3/1", "0/0"}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestRulesAreAboutWhatTheySay(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		rule, method, path, body string
		struck                   bool
	}{
		"path":                 {`"path":"^/a$"`, "GET", "/a", "", true},
		"another path":         {`"path":"^/a$"`, "GET", "/ab", "", false},
		"method":               {`"method":"PATCH"`, "PATCH", "/a", "", true},
		"another method":       {`"method":"PATCH"`, "GET", "/a", "", false},
		"query, unescaped":     {`"query":"sum\\(rate\\("`, "GET", "/a?query=sum%28rate%28", "", true},
		"another query":        {`"query":"latenc"`, "GET", "/a?query=up", "", false},
		"query in a form":      {`"query":"^query=sum\\(up\\)$"`, "POST", "/a", "query=sum%28up%29", true},
		"query and a form":     {`"query":"^x=1&query=up$"`, "POST", "/a?x=1", "query=up", true},
		"body":                 {`"body":"\"percent\":75"`, "PATCH", "/a", `{"percent":75}`, true},
		"another body":         {`"body":"\"percent\":75"`, "PATCH", "/a", `{"percent":55}`, false},
		"all at once":          {`"method":"GET","path":"a","query":"x"`, "GET", "/a?x", "", true},
		"all at once but one":  {`"method":"GET","path":"a","query":"y"`, "GET", "/a?x", "", false},
		"escape that is wrong": {`"query":"^%zz$"`, "GET", "/a?%zz", "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, API, `[{"target":"api","do":"status","code":500,`+tt.rule+`}]`, ok)
			if struck := s.get(t, tt.method, tt.path, tt.body).code == http.StatusInternalServerError; struck != tt.struck {
				t.Errorf("rule %s, %s %s %s: struck is %t, want %t", tt.rule, tt.method, tt.path, tt.body, struck, tt.struck)
			}
		})
	}
}

func TestMistakesInRulesAreToldAtOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"no list":     {`{"target":"api"}`, []string{"rules: "}},
		"two lists":   {`[] []`, []string{"more than one list"}},
		"a misspelt":  {`[{"target":"api","do":"reset","time":1}]`, []string{`unknown field "time"`}},
		"a bad regex": {`[{"target":"api","do":"reset","path":"("}]`, []string{"missing closing"}},
		"no target":   {`[{"do":"reset"}]`, []string{`rule 1: target "": api, prometheus or charts`}},
		"two at once": {`[{"target":"api","do":"burn"},{"target":"api","do":"status"}]`, []string{`rule 1: do "burn": one of`, `rule 2: do "status" with code 0`}},
		"wrong place": {`[{"target":"charts","do":"nan"},{"target":"prometheus","do":"drop-watch"}]`, []string{"only for target prometheus", "only for target api"}},
		"codes":       {`[{"target":"api","do":"status","code":200},{"target":"api","do":"reset","code":500}]`, []string{"code 200: 400 to 599", "nothing else has"}},
		"no delay":    {`[{"target":"api","do":"latency"}]`, []string{"needs a delay"}},
		"bad delay":   {`[{"target":"api","do":"latency","delay":"soon"}]`, []string{`invalid duration \"soon\"`}},
		"negative":    {`[{"target":"api","do":"reset","times":-1}]`, []string{"never negative"}},
		"retry":       {`[{"target":"api","do":"reset","retryAfter":1}]`, []string{"retryAfter goes with status"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tt.text))
			for _, want := range tt.want {
				if got := fmt.Sprintf("%+q", fmt.Sprint(err)); !strings.Contains(got, strings.Trim(fmt.Sprintf("%+q", want), `"`)) && !strings.Contains(got, want) {
					t.Errorf("rules %s: got %v, want %s", tt.text, err, want)
				}
			}
		})
	}
}

func TestControlSetsShowsAndClears(t *testing.T) {
	t.Parallel()
	table := NewTable()
	ask := func(method, query, body string) (int, string) {
		recorder := httptest.NewRecorder()
		table.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, "/faults"+query, strings.NewReader(body)))
		return recorder.Code, strings.TrimSpace(recorder.Body.String())
	}
	const rule = `{"target":"api","path":"/services/","delay":"1.5s","do":"hang"`
	for _, step := range []struct {
		method, query, body string
		code                int
		want                string
	}{
		{"GET", "", "", 200, `[]`},
		{"PUT", "", "[" + rule + "}]", 200, "[" + rule + `,"matched":0,"struck":0}]`},
		{"PUT", "", `[{}]`, 400, "target"},
		{"GET", "?struck=0", "", 200, "[" + rule + `,"matched":0,"struck":0}]`},
		{"GET", "?struck=x", "", 400, "invalid syntax"},
		{"POST", "", "", 405, "GET, PUT or DELETE"},
		{"DELETE", "", "", 200, `[]`},
	} {
		code, body := ask(step.method, step.query, step.body)
		exact := step.code == 200 && body == step.want
		if code != step.code || !exact && (step.code == 200 || !strings.Contains(body, step.want)) {
			t.Errorf("%s%s %s: got %d %s, want %d %s", step.method, step.query, step.body, code, body, step.code, step.want)
		}
	}
}

// TestDelaysAreKept also sees that a rule that is removed delays nobody any longer.
func TestDelaysAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		s := &strike{
			call: &call{request: httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)},
			Rule: Rule{Do: Latency, Delay: Duration(time.Hour)},
			over: over,
		}
		began := time.Now()
		if passOn := s.before(httptest.NewRecorder()); !passOn || time.Since(began) != time.Hour {
			t.Errorf("passed on is %t after %s, want true after 1h", passOn, time.Since(began))
		}
		began = time.Now()
		time.AfterFunc(time.Minute, func() { close(over) })
		if passOn := s.before(httptest.NewRecorder()); !passOn || time.Since(began) != time.Minute {
			t.Errorf("passed on is %t after %s, want true after 1m", passOn, time.Since(began))
		}
	})
}
