package experiment

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Split divides traffic over the versions of a spec, in the spec's order, in whole percent.
// A known Split always sums to 100, because NewSplit and UnmarshalJSON refuse anything else; the
// zero value is the unknown split.
type Split struct{ percent []int }

// NewSplit makes a split of at least two weights, each 0 to 100, that sum to 100.
func NewSplit(percent ...int) (Split, error) {
	sum := 0
	for _, p := range percent {
		if p < 0 || p > 100 {
			return Split{}, fmt.Errorf("weight %d is not between 0 and 100", p)
		}
		sum += p
	}
	if len(percent) < 2 || sum != 100 {
		return Split{}, fmt.Errorf("weights %v sum to %d, want 100", percent, sum)
	}
	return Split{slices.Clone(percent)}, nil
}

// BaselineOnly gives the baseline everything, of n versions.
func BaselineOnly(n int) Split {
	percent := make([]int, n)
	percent[0] = 100
	return Split{percent}
}

// Known tells whether the split was ever set.
func (s Split) Known() bool { return len(s.percent) > 0 }

// Len is the number of versions, 0 for the unknown split.
func (s Split) Len() int { return len(s.percent) }

// Of is the weight in percent of the version at position i, 0 for the unknown split.
func (s Split) Of(i int) int {
	if i >= len(s.percent) {
		return 0
	}
	return s.percent[i]
}

// Candidate is the weight in percent of the first candidate.
func (s Split) Candidate() int { return s.Of(1) }

// Equal tells whether both splits are the same, unknown included.
func (s Split) Equal(o Split) bool { return slices.Equal(s.percent, o.percent) }

// String writes the split as people say it, "95/5", or "unknown".
func (s Split) String() string {
	if !s.Known() {
		return "unknown"
	}
	words := make([]string, len(s.percent))
	for i, p := range s.percent {
		words[i] = strconv.Itoa(p)
	}
	return strings.Join(words, "/")
}

// MarshalJSON writes a list of weights, or null for the unknown split.
func (s Split) MarshalJSON() ([]byte, error) { return json.Marshal(s.percent) }

// UnmarshalJSON reads what MarshalJSON writes, and refuses weights that do not sum to 100.
func (s *Split) UnmarshalJSON(data []byte) error {
	var percent []int
	if err := json.Unmarshal(data, &percent); err != nil {
		return err
	}
	if percent == nil {
		*s = Split{}
		return nil
	}
	split, err := NewSplit(percent...)
	if err != nil {
		return err
	}
	*s = split
	return nil
}
