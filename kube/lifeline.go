package kube

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
)

// A lifeline is a file that the operating system keeps locked for as long as this process lives, on
// however it ends. A process that finds the file of another one and can lock it knows that the
// other is dead. Neither the number of a process, which is given out again, nor a name of a machine,
// which containers share, would prove that.
type lifeline struct{ file *os.File }

// lifelineToken is what rand.Text makes: nothing else that a lease says becomes the name of a file.
var lifelineToken = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// live makes the lifeline of this process. Without one (there is no place for it, or the system
// knows no such locks) it is nil, and the lease has to expire before it can be had again.
func live(folder, token string) *lifeline {
	path, ok := lifelinePath(folder, token)
	if !ok {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		slog.Debug("no lifeline", "error", err)
		return nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		slog.Debug("no lifeline", "error", err)
		return nil
	}
	l := &lifeline{file}
	if !lock(file) {
		l.end()
		return nil
	}
	return l
}

// end removes the lifeline, as the end of the process would.
func (l *lifeline) end() {
	if l == nil {
		return
	}
	if err := os.Remove(l.file.Name()); err != nil {
		slog.Debug("lifeline", "error", err)
	}
	if err := l.file.Close(); err != nil {
		slog.Debug("lifeline", "error", err)
	}
}

// dead tells whether the process of a token ran on this machine and is no more. It is false when
// that cannot be known.
func dead(folder, token string) bool {
	path, ok := lifelinePath(folder, token)
	if !ok {
		return false
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	l := &lifeline{file}
	if !lock(file) {
		_ = file.Close() // nothing was written
		return false
	}
	l.end()
	return true
}

func lifelinePath(folder, token string) (string, bool) {
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", false
		}
		folder = filepath.Join(cache, "perch")
	}
	return filepath.Join(folder, "alive-"+token), lifelineToken.MatchString(token)
}
