package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWorkspaceIsReusedWithoutItsState(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first, err := openWorkspace(dir)
	if err != nil {
		t.Fatalf("open a new folder: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kubeconfig"), []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openWorkspace(dir); err == nil || !strings.Contains(err.Error(), "in use by another sandbox") {
		t.Errorf("open a folder in use: got %v", err)
	}
	if err := first.close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	second, err := openWorkspace(dir)
	if err != nil {
		t.Fatalf("open it again: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "kubeconfig")); !os.IsNotExist(err) {
		t.Errorf("the old kubeconfig is still there: %v", err)
	}
	if err := second.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestWorkspaceRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "jobs")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openWorkspace(dir); err == nil || !strings.Contains(err.Error(), "not a sandbox's") {
		t.Errorf("got %v, want a refusal", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file is gone: %v", err)
	}
}

func TestTemporaryWorkspaceIsRemoved(t *testing.T) {
	t.Parallel()
	folder, err := openWorkspace("")
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder.dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := folder.close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	if _, err := os.Stat(folder.dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", folder.dir, err)
	}
}
