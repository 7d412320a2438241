package cluster

import (
	"errors"
	"flag"
	"log"
	"log/slog"
	"os"

	fortiolog "fortio.org/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
)

// The sandbox's libraries log in five ways. None of them may reach the terminal, which belongs to
// whatever runs in front of the sandbox; all of them go to one file.
type logs struct {
	slog *slog.Logger
	zap  *zap.SugaredLogger
}

func openLogs(path string) (*logs, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	encoder := zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig())
	l := &logs{
		slog: slog.New(slog.NewTextHandler(file, &slog.HandlerOptions{Level: slog.LevelWarn})),
		zap:  zap.New(zapcore.NewCore(encoder, zapcore.AddSync(file), zap.WarnLevel)).Sugar(),
	}
	log.SetOutput(file)
	fortiolog.SetOutput(file)
	fortiolog.SetLogLevelQuiet(fortiolog.Error)
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	return l, redirectKlog(file)
}

// redirectKlog needs three flags: without the second, errors go to standard error all the same, and
// without the third each line is written once for every severity below its own.
func redirectKlog(file *os.File) error {
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	err := errors.Join(flags.Set("logtostderr", "false"), flags.Set("stderrthreshold", "FATAL"), flags.Set("one_output", "true"))
	klog.SetOutput(file)
	return err
}
