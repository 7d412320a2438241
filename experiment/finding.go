package experiment

// A Finding is one thing that a pre-flight has looked at: a part of the spec, an object of the
// cluster, a query, a permission.
type Finding struct {
	Subject string   `json:"subject"` // "target default/sample-app", "metric p95 latency of candidate"
	Grade   Grade    `json:"grade"`
	What    string   `json:"what"`             // in one line: how it is
	Hint    string   `json:"hint,omitempty"`   // the way out, when it is not well
	Detail  []string `json:"detail,omitempty"` // more lines, such as the query as it was sent
}

// A Grade says how bad a finding is. The zero value is the worst, so that a finding that nobody has
// graded stops a run.
type Grade int

// The grades.
const (
	Wrong    Grade = iota // a run would fail, or do harm
	Doubtful              // a run is possible, and a person should know
	Fine
)

func (g Grade) words() []string { return []string{"wrong", "doubtful", "fine"} }

// String is the grade's word.
func (g Grade) String() string { return g.words()[g] }

// MarshalText writes the grade's word.
func (g Grade) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// WrongIf makes a finding of an error: Fine with the words well when err is nil.
func WrongIf(subject string, err error, well string) Finding {
	if err == nil {
		return Finding{Subject: subject, Grade: Fine, What: well}
	}
	return Finding{Subject: subject, Grade: Wrong, What: err.Error(), Hint: HintOf(err)}
}
