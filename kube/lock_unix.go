//go:build unix && !solaris && !aix

package kube

import (
	"os"
	"syscall"
)

// lock locks a file until it is closed or the process ends. It is false when another has it.
func lock(file *os.File) bool {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
