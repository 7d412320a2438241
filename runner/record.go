package runner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"perch/experiment"
)

// A FileRecorder keeps a run as JSON lines in a file, an event a line.
type FileRecorder struct{ file *os.File }

// CreateRecord makes a new record with the folders above it. A file that is there already is an
// error, because a record is never overwritten.
func CreateRecord(path string) (*FileRecorder, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("record to %s: %w", path, err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, experiment.WithHint(fmt.Errorf("record to %s: the file is there already", path),
			"choose another name for --record; a record is never overwritten")
	}
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &FileRecorder{file}, nil
}

// Record writes one event, and returns when it is on the disk.
func (f *FileRecorder) Record(e experiment.Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := f.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return f.file.Sync()
}

// Close closes the file.
func (f *FileRecorder) Close() error { return f.file.Close() }

// maxRecordLine bounds one event of a record, in bytes.
const maxRecordLine = 8 << 20

// ReadRecord reads a record. A last line that is no whole JSON is what a killed run leaves behind; it
// is dropped, and torn says so. Any other line that is no event is an error that names the line.
func ReadRecord(name string, from io.Reader) (events []experiment.Event, torn bool, err error) {
	lines := bufio.NewReader(from)
	var broken error // of the line before
	for n := 1; ; n++ {
		line, err := readLine(lines)
		last := errors.Is(err, io.EOF)
		if err != nil && !last {
			return nil, false, fmt.Errorf("%s:%d: %w", name, n, err)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if broken != nil {
				return nil, false, broken
			}
			var e experiment.Event
			if err := json.Unmarshal(line, &e); err != nil {
				broken = fmt.Errorf("%s:%d: %w", name, n, err)
			} else {
				events = append(events, e)
			}
		}
		if last {
			break
		}
	}
	if _, cut := errors.AsType[*json.SyntaxError](broken); broken != nil && !cut {
		return nil, false, broken
	}
	return events, broken != nil, checkOrder(name, events)
}

// readLine reads up to and including the end of the line; io.EOF comes with the last, unended one.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxRecordLine {
			return nil, errors.New("line is too long for an event")
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// checkOrder: a record begins with Started, and its numbers have no gap.
func checkOrder(name string, events []experiment.Event) error {
	if len(events) == 0 {
		return fmt.Errorf("%s: holds no events", name)
	}
	if _, ok := events[0].Fact.(experiment.Started); !ok {
		return fmt.Errorf("%s: begins with %q instead of \"started\": not a record of Perch, or not a whole one", name, events[0].Name())
	}
	for i, e := range events {
		if e.Seq != i+1 {
			return fmt.Errorf("%s: event %d stands where event %d is due: lines are missing", name, e.Seq, i+1)
		}
	}
	return nil
}
