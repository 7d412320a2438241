package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is perch-sandbox as a process of its own, whose temporary files are below home.
func program(t *testing.T, home string, arguments ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*deadline)
	t.Cleanup(cancel)
	command := exec.CommandContext(ctx, self, arguments...)
	command.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+home, "HOME="+home)
	command.WaitDelay = 10 * time.Second
	return command
}

func exitOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	exit, exited := errors.AsType[*exec.ExitError](err)
	if !exited {
		t.Fatalf("run: %v", err)
	}
	return exit.ExitCode()
}

func checkEmpty(t *testing.T, home string) {
	t.Helper()
	left, err := os.ReadDir(home)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestProgramRunsACommandAndLeavesNothing(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	seen := filepath.Join(t.TempDir(), "seen")
	script := `test -f "$KUBECONFIG" && env | grep -E '^(PERCH_PROMETHEUS|PERCH_MIRROR)=' | sort > "` + seen + `"; exit 7`
	command := program(t, home, "up", "--tutorial=green-slow", "--", "sh", "-c", script)
	var output, progress bytes.Buffer
	command.Stdout, command.Stderr = &output, &progress
	if code := exitOf(t, command.Run()); code != 7 {
		t.Errorf("exit code is %d, want 7; it said:\n%s", code, &progress)
	}
	if output.Len() > 0 {
		t.Errorf("printed %q on stdout, which is the command's", &output)
	}
	for _, want := range []string{"Knative Serving\n", "ready\n", "\nfortio: "} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("said nothing of %q:\n%s", want, &progress)
		}
	}
	variables, err := os.ReadFile(seen)
	if err != nil || !strings.Contains(string(variables), "PERCH_MIRROR=https://raw.githubusercontent.com/iter8-tools/") ||
		!strings.Contains(string(variables), "PERCH_PROMETHEUS=http://127.0.0.1:") {
		t.Errorf("variables: %q, %v", variables, err)
	}
	checkEmpty(t, home)
}

func TestTwoProgramsSideBySideEndOnSignals(t *testing.T) {
	t.Parallel()
	for _, end := range []struct {
		signal syscall.Signal
		code   int
	}{{syscall.SIGTERM, 143}, {syscall.SIGINT, 0}} {
		t.Run(end.signal.String(), func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			command := program(t, home, "up")
			output, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			exports := readExports(t, output)
			if _, err := os.Stat(exports["KUBECONFIG"]); err != nil {
				t.Errorf("kubeconfig: %v", err)
			}
			checkAnswers(t, exports["PERCH_PROMETHEUS"]+"/api/v1/query?query=1")
			_, charts, _ := strings.Cut(exports["PERCH_MIRROR"], "=")
			checkAnswers(t, charts+"/helm-repo/index.yaml")
			if err := command.Process.Signal(end.signal); err != nil {
				t.Fatal(err)
			}
			if code := exitOf(t, command.Wait()); code != end.code {
				t.Errorf("exit code is %d, want %d", code, end.code)
			}
			checkEmpty(t, home)
		})
	}
}

func readExports(t *testing.T, output io.Reader) map[string]string {
	t.Helper()
	exports := map[string]string{}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Ctrl-C ends it") {
			return exports
		}
		if line, isExport := strings.CutPrefix(lines.Text(), "export "); isExport {
			name, value, _ := strings.Cut(line, "=")
			exports[name] = value
		}
	}
	t.Fatalf("ended without a last line: %v", lines.Err())
	return nil
}

func checkAnswers(t *testing.T, url string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s: %s", url, response.Status)
	}
}

func TestProgramEndsWhileItStarts(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	command := program(t, home, "up")
	progress, err := command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if !bufio.NewScanner(progress).Scan() {
		t.Fatal("said nothing")
	}
	if err := command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, progress); err != nil {
		t.Fatal(err)
	}
	if code := exitOf(t, command.Wait()); code != 143 {
		t.Errorf("exit code is %d, want 143", code)
	}
	checkEmpty(t, home)
}

func TestProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	command := program(t, home, "up", "--rps", "none")
	said, err := command.CombinedOutput()
	if code := exitOf(t, err); code != exitUsage || !strings.Contains(string(said), "--rps") {
		t.Errorf("exit code is %d, want %d; it said: %s", code, exitUsage, said)
	}
	checkEmpty(t, home)
}
