// Package journal gives a sandbox one log file, and sends there whatever its many libraries would
// print. The terminal belongs to the command that the sandbox runs.
package journal

import (
	"errors"
	"flag"
	"io"
	stdlog "log"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"

	fortiolog "fortio.org/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/grpclog"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// Journal is the log of a sandbox.
type Journal struct {
	// Log is for the sandbox and Prometheus.
	Log *slog.Logger
	// Zap is for Knative and etcd, at warnings and worse.
	Zap *zap.Logger

	file *os.File
}

// Open appends to the file at path, which is made if need be, and points klog, the standard
// logger, gRPC and Fortio at it.
func Open(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	encoder := zap.NewProductionEncoderConfig()
	encoder.EncodeTime = zapcore.RFC3339TimeEncoder
	j := &Journal{
		Log:  slog.New(slog.NewTextHandler(file, nil)),
		Zap:  zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(encoder), file, zapcore.WarnLevel)),
		file: file,
	}
	return j, capture(file)
}

// Writer is the end of the log file.
func (j *Journal) Writer() io.Writer { return j.file }

// capture sends all that libraries print to the file. The loggers of etcd's clients are made before
// main and cannot be told: so the descriptor of standard error itself leads to the file from now on,
// and os.Stderr, which the sandbox writes to, to where standard error led before. What the runtime
// has to say when it crashes still comes there too.
func capture(file *os.File) error {
	terminal, err := unix.Dup(syscall.Stderr)
	if err != nil {
		return err
	}
	unix.CloseOnExec(terminal)
	os.Stderr = os.NewFile(uintptr(terminal), "stderr")
	if err := errors.Join(unix.Dup2(int(file.Fd()), syscall.Stderr), debug.SetCrashOutput(os.Stderr, debug.CrashOptions{})); err != nil {
		return err
	}
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{
		"logtostderr":     "false",
		"one_output":      "true",  // else a warning is written once for each level below it
		"stderrthreshold": "FATAL", // else errors go to stderr all the same
	} {
		if err := flags.Set(name, value); err != nil {
			return err
		}
	}
	klog.SetOutput(file)
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, file, file))
	stdlog.SetOutput(file)
	fortiolog.SetOutput(file)
	fortiolog.SetLogLevelQuiet(fortiolog.Warning)
	return nil
}
