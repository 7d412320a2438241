package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is the file that marks a folder as a sandbox's, and that its process holds a lock on.
const lockName = "sandbox.lock"

// workspace is the folder of one sandbox.
type workspace struct {
	dir       string
	temporary bool
	lock      *os.File
}

// openWorkspace makes a temporary folder, or takes the folder dir: one that is not there, is empty,
// or was a sandbox's before, of which the old state is removed.
func openWorkspace(dir string) (*workspace, error) {
	if dir == "" {
		made, err := os.MkdirTemp("", "perch-sandbox-")
		if err != nil {
			return nil, err
		}
		return &workspace{dir: made, temporary: true}, nil
	}
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(absolute, 0o700); err != nil {
		return nil, err
	}
	w := &workspace{dir: absolute}
	if err := w.takeOver(); err != nil {
		return nil, fmt.Errorf("folder %s: %w", dir, err)
	}
	return w, nil
}

func (w *workspace) takeOver() error {
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return err
	}
	path := filepath.Join(w.dir, lockName)
	if _, err := os.Stat(path); len(entries) > 0 && errors.Is(err, os.ErrNotExist) {
		return errors.New("has files in it that are not a sandbox's; name an empty or a new folder")
	}
	if w.lock, err = os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return err
	}
	if err := syscall.Flock(int(w.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.New("is in use by another sandbox; stop that one or name another folder")
	}
	for _, old := range []string{"state", "jobs", "kubeconfig", "kubeconfig-faults", "sandbox.log"} {
		if err := os.RemoveAll(filepath.Join(w.dir, old)); err != nil {
			return err
		}
	}
	return nil
}

// close removes a temporary folder. Etcd writes to its files until the process ends, so a removal
// can find one more than it listed.
func (w *workspace) close() error {
	if !w.temporary {
		return w.lock.Close()
	}
	var err error
	for range 5 {
		if err = os.RemoveAll(w.dir); err == nil {
			return nil
		}
	}
	return err
}
