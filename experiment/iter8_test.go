package experiment

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestObjectiveCompare(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name         string
		lower, upper *float64
		sample       Sample
		units        Units
		want         Verdict
		reason       string
	}{
		{"below", nil, new(50.0), Sample{Value: new(49.0)}, Milliseconds, Satisfied, "49 ms"},
		{"at the upper limit", nil, new(50.0), Sample{Value: new(50.0)}, Milliseconds, Satisfied, "50 ms"},
		{"above", nil, new(50.0), Sample{Value: new(62.4)}, Milliseconds, Violated, "62 ms > 50 ms"},
		{"above by less than is shown", nil, new(50.0), Sample{Value: new(50.4)}, Milliseconds, Violated, "50.4 > 50"},
		{"fraction at the limit", nil, new(0.01), Sample{Value: new(0.01)}, Fraction, Satisfied, "1.00 %"},
		{"fraction hardly above", nil, new(0.01), Sample{Value: new(0.010001)}, Fraction, Violated, "0.010001 > 0.01"},
		{"fraction above", nil, new(0.01), Sample{Value: new(0.021)}, Fraction, Violated, "2.10 % > 1.00 %"},
		{"at the lower limit", new(3.0), nil, Sample{Value: new(3.0)}, "", Satisfied, "3"},
		{"under", new(3.0), nil, Sample{Value: new(2.5)}, "", Violated, "2.5 < 3"},
		{"under by less than is shown", new(3.0), nil, Sample{Value: new(2.99999)}, "", Violated, "2.99999 < 3"},
		{"between", new(1.0), new(3.0), Sample{Value: new(2.0)}, "", Satisfied, "2"},
		{"no limit binds", nil, nil, Sample{Value: new(1e9)}, "", Satisfied, "1000000000"},
		{"no value and no limit", nil, nil, Sample{Missing: NoSeries}, "", Unknown, "no series"},
		{"no value", nil, new(50.0), Sample{Missing: Rejected, Detail: "no"}, "", Unknown, "rejected: no"},
		{"nobody asked", nil, new(50.0), Sample{}, "", Unknown, "not measured"},
		{"not a number", nil, new(50.0), Sample{Value: new(math.NaN())}, "", Unknown, "not a number"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := Objective{LowerLimit: row.lower, UpperLimit: row.upper}
			if got, reason := o.Compare(row.sample, row.units); got != row.want || reason != row.reason {
				t.Errorf("want %s, %q; got %s, %q", row.want, row.reason, got, reason)
			}
		})
	}
}

func TestIter8Winner(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, letters, want string }{
		{"candidate satisfies", "gg", "candidate"},
		{"candidate satisfies, baseline does not", "bg", "candidate"},
		{"candidate satisfies, baseline is unknown", "-g", "candidate"},
		{"only the baseline satisfies", "gb", "current"},
		{"nobody satisfies", "bb", ""},
		{"candidate is unknown", "g-", ""},
		{"candidate violates, baseline is unknown", "-b", ""},
		{"nothing is known", "--", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			r := begin(tutorial(t), BaselineOnly(2))
			if got := r.see(row.letters).Winner; got != row.want {
				t.Errorf("want %q, got %q", row.want, got)
			}
		})
	}
}

func TestIter8Target(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name           string
		old            Split
		most, increase int
		best           string
		want           []int
	}{
		{"best rises by the increment", Split{[]int{100, 0}}, 75, 20, "v2", []int{80, 20}},
		{"best rises to the maximum", Split{[]int{35, 65}}, 75, 20, "v2", []int{25, 75}},
		{"best rises to 95 at most", Split{[]int{10, 90}}, 100, 20, "v2", []int{5, 95}},
		{"baseline is best", Split{[]int{35, 65}}, 75, 20, "v1", []int{95, 5}},
		{"nobody is best", Split{[]int{35, 65}}, 75, 20, "", []int{95, 5}},
		{"three, the third is best", Split{[]int{0, 0, 100}}, 100, 100, "v3", []int{4, 3, 93}},
		{"three, the baseline is best", Split{[]int{100, 0, 0}}, 100, 100, "v1", []int{94, 3, 3}},
		{"three, limited", Split{[]int{90, 0, 10}}, 75, 20, "v3", []int{67, 3, 30}},
		{"seven share the rest evenly", Split{[]int{100, 0, 0, 0, 0, 0, 0}}, 100, 100, "v1", []int{92, 2, 2, 1, 1, 1, 1}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			spec := Spec{Strategy: Strategy{MaxCandidateWeight: row.most, MaxCandidateWeightIncrement: row.increase}}
			for i := range row.old.Len() {
				spec.Versions = append(spec.Versions, Version{Name: "v" + string(rune('1'+i))})
			}
			want := Split{row.want}
			for range 10 {
				if got := iter8Target(spec, row.old, row.best); !got.Equal(want) {
					t.Fatalf("want %s, got %s", want, got)
				}
			}
		})
	}
}

func TestIter8AssessesEveryVersion(t *testing.T) {
	t.Parallel()
	r := begin(tutorial(t), BaselineOnly(2))
	got := r.see("gb").Assessments
	want := []Assessment{
		{0, "current", Satisfied, "25 ms"}, {0, "candidate", Violated, "100 ms > 50 ms"},
		{1, "current", Satisfied, "50 ms"}, {1, "candidate", Satisfied, "50 ms"},
		{2, "current", Satisfied, "0.50 %"}, {2, "candidate", Satisfied, "0.50 %"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRelativeLimits(t *testing.T) {
	t.Parallel()
	o := Objective{Metric: "m", UpperLimit: new(1.5), Relative: true}
	for _, row := range []struct {
		name            string
		baseline, value *float64
		want            Verdict
	}{
		{"within", new(10.0), new(15.0), Satisfied},
		{"beyond", new(10.0), new(15.1), Violated},
		{"nothing to compare with", nil, new(15.0), Unknown},
		{"no data", new(10.0), nil, Unknown},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, reason := o.against(Sample{Value: row.baseline}).Compare(Sample{Value: row.value, Missing: NoRequests}, "")
			if got != row.want {
				t.Errorf("want %s, got %s: %s", row.want, got, reason)
			}
		})
	}
}
