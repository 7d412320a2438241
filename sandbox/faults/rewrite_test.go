package faults

import (
	"io"
	"net/http"
	"regexp"
	"testing"
)

func TestQueriesAreAnsweredOddly(t *testing.T) {
	t.Parallel()
	const one = `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1700000000.5,"3"]}]}}`
	const none = `{"status":"success","data":{"resultType":"vector","result":[]}}`
	const number = `{"status":"success","data":{"resultType":"scalar","result":[1700000000,"3"]}}`
	head := func(result string) string {
		return regexp.QuoteMeta(`{"status":"success","data":{"resultType":"vector","result":`) + result
	}
	series := func(labels, value string) string {
		return regexp.QuoteMeta(`{"metric":{` + labels + `},"value":[1700000000.5,"` + value + `"]}`)
	}
	tests := map[string]struct {
		do         Effect
		from, want string
	}{
		"empty":                {Empty, one, head(`\[\]}}`)},
		"NaN":                  {NaN, one, head(`\[` + series(`"a":"b"`, "NaN") + `\]}}`)},
		"NaN of nothing":       {NaN, none, head(`\[{"metric":{},"value":\[\d+,"NaN"\]}\]}}`)},
		"several":              {Several, one, head(`\[` + series(`"a":"b"`, "3") + "," + series(`"a":"b","replica":"another"`, "3") + `\]}}`)},
		"several of nothing":   {Several, none, head(`\[{"metric":{},.*},{"metric":{"replica":"another"},.*}\]}}`)},
		"stale":                {Stale, one, head(`\[{"metric":{"a":"b"},"value":\[1699999400.5,"3"\]}\]}}`)},
		"warning":              {Warning, one, head(`\[` + series(`"a":"b"`, "3") + `\]},"warnings":\["PromQL warning: .*"\]}`)},
		"wrong JSON":           {WrongJSON, one, `{"data":\["not","a","vector"\],"status":"success"}`},
		"a scalar stays":       {Empty, number, regexp.QuoteMeta(number)},
		"what is no JSON, too": {Empty, "<html>", "<html>"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t, Prometheus, `[{"target":"prometheus","do":"`+string(tt.do)+`"}]`, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, tt.from)
			})
			got := s.get(t, http.MethodPost, "/api/v1/query", "query=up")
			if !regexp.MustCompile("^" + tt.want + "$").MatchString(got.body) {
				t.Errorf("%s of %s: got %s, want %s", tt.do, tt.from, got.body, tt.want)
			}
		})
	}
}
