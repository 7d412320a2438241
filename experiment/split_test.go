package experiment

import (
	"encoding/json"
	"testing"
)

func TestNewSplit(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name    string
		percent []int
		want    string // as text, or the error
	}{
		{"two", []int{95, 5}, "95/5"},
		{"three", []int{34, 33, 33}, "34/33/33"},
		{"all to one", []int{0, 100}, "0/100"},
		{"none", nil, "weights [] sum to 0, want 100"},
		{"one", []int{100}, "weights [100] sum to 100, want 100"},
		{"too little", []int{95, 4}, "weights [95 4] sum to 99, want 100"},
		{"negative", []int{110, -10}, "weight 110 is not between 0 and 100"},
		{"negative first", []int{-10, 110}, "weight -10 is not between 0 and 100"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s, err := NewSplit(row.percent...)
			got := s.String()
			if err != nil {
				got = err.Error()
			}
			if got != row.want || s.Known() == (err != nil) {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}

func TestSplitKeepsItsOwnWeights(t *testing.T) {
	t.Parallel()
	percent := []int{95, 5}
	s := weights(t, percent...)
	percent[0], percent[1] = 0, 100
	if s.Candidate() != 5 {
		t.Errorf("want 5, got %d", s.Candidate())
	}
}

func TestUnknownSplit(t *testing.T) {
	t.Parallel()
	var s Split
	if s.Known() || s.Len() != 0 || s.Of(0) != 0 || s.Candidate() != 0 || s.String() != "unknown" {
		t.Errorf("want the unknown split, got %+v", s)
	}
	if !s.Equal(Split{}) || s.Equal(BaselineOnly(2)) {
		t.Error("the unknown split equals itself alone")
	}
}

func TestSplitJSON(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ text, want string }{
		{"[95,5]", "95/5"}, {"[34,33,33]", "34/33/33"}, {"null", "unknown"},
		{"[]", "weights [] sum to 0, want 100"}, {"[100]", "weights [100] sum to 100, want 100"},
		{"[60,60]", "weights [60 60] sum to 120, want 100"},
		{`"95/5"`, "json: cannot unmarshal string into Go value of type []int"},
	} {
		s := BaselineOnly(2)
		err := json.Unmarshal([]byte(row.text), &s)
		got := s.String()
		if err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%s: want %q, got %q", row.text, row.want, got)
		}
		if err == nil {
			if back, _ := json.Marshal(s); string(back) != row.text {
				t.Errorf("%s is written as %s", row.text, back)
			}
		}
	}
}
