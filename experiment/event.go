package experiment

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// An Event is one thing that happened in a run. Events are recorded before they are shown, and a
// run is nothing but its events: the record of a run is one event a line, as MarshalJSON writes it.
type Event struct {
	Seq  int       // 1 for the first, without gaps
	At   time.Time // UTC
	Fact Fact
}

// A Fact is what an Event says, in the past tense. Facts are values: nobody changes one, or the
// slices in it, after it was sent.
type Fact interface{ name() string }

// decodeFact reads the fact of a name; ok is false when there is no such fact.
func decodeFact(name string, data []byte) (f Fact, ok bool, err error) {
	decode, ok := map[string]func([]byte) (Fact, error){
		Started{}.name():     decodeAs[Started],
		Resumed{}.name():     decodeAs[Resumed],
		Waiting{}.name():     decodeAs[Waiting],
		Initialized{}.name(): decodeAs[Initialized],
		Counted{}.name():     decodeAs[Counted],
		Measured{}.name():    decodeAs[Measured],
		Decided{}.name():     decodeAs[Decided],
		Shifted{}.name():     decodeAs[Shifted],
		Drifted{}.name():     decodeAs[Drifted],
		Asked{}.name():       decodeAs[Asked],
		Obeyed{}.name():      decodeAs[Obeyed],
		Refused{}.name():     decodeAs[Refused],
		Promoting{}.name():   decodeAs[Promoting],
		Reversed{}.name():    decodeAs[Reversed],
		Recovered{}.name():   decodeAs[Recovered],
		Withdrawn{}.name():   decodeAs[Withdrawn],
		Promoted{}.name():    decodeAs[Promoted],
		RolledBack{}.name():  decodeAs[RolledBack],
		Troubled{}.name():    decodeAs[Troubled],
		Watched{}.name():     decodeAs[Watched],
		Ended{}.name():       decodeAs[Ended],
	}[name]
	if !ok {
		return nil, false, nil
	}
	f, err = decode(data)
	return f, true, err
}

func decodeAs[F Fact](data []byte) (Fact, error) {
	var f F
	err := json.Unmarshal(data, &f)
	return f, err
}

// Name is the fact's name in a record, "measured".
func (e Event) Name() string { return e.Fact.name() }

type eventHead struct {
	Seq  int       `json:"seq"`
	At   time.Time `json:"at"`
	Fact string    `json:"fact"`
}

// MarshalJSON writes one flat object: seq, at and fact, then the fields of the fact.
func (e Event) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(eventHead{e.Seq, e.At, e.Name()})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(e.Fact)
	if err != nil || bytes.Equal(body, []byte("{}")) {
		return head, err
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

// UnmarshalJSON reads what MarshalJSON writes. A fact that this Perch does not know is an error.
func (e *Event) UnmarshalJSON(data []byte) error {
	var head eventHead
	if err := checkDensity(data); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return err
	}
	fact, ok, err := decodeFact(head.Fact, data)
	if !ok {
		return WithHint(fmt.Errorf("unknown event %q", head.Fact),
			"the record was written by another version of Perch, or is not one")
	}
	if err == nil {
		err = wholeFact(fact)
	}
	if err != nil {
		return fmt.Errorf("event %d, %s: %w", head.Seq, head.Fact, err)
	}
	*e = Event{Seq: head.Seq, At: head.At, Fact: fact}
	return nil
}
