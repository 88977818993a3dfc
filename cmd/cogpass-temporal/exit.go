package main

import (
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"cogpass/cmd/bulk"
	"cogpass/cmd/cogpass-temporal/depot"
	"cogpass/jobs"
	"cogpass/runner/cognito"
	"cogpass/runner/runfile"
)

// The exit codes, which are those of cogpass.
const (
	exitSomeFailed  exitCode = 1
	exitUsage       exitCode = 2
	exitFatal       exitCode = 3
	exitLimit       exitCode = 4
	exitHeld        exitCode = 5
	exitInterrupted exitCode = 130
)

// An exitCode ends the program; why was told already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// coded is an error with an exit code and, perhaps, what to do.
type coded struct {
	code exitCode
	hint string
	error
}

func (c *coded) Unwrap() error { return c.error }

func usage(format string, args ...any) error {
	return &coded{exitUsage, "", fmt.Errorf(format, args...)}
}

// meaning says which exit code an error has, and what its user can do.
func meaning(err error) (code int, hint string) {
	var (
		own    *coded
		ours   *bulk.Error
		faults *jobs.Faults
		held   *runfile.HeldError
		config *cognito.ConfigError
		gone   *serviceerror.NotFound
		away   *serviceerror.Unavailable
	)
	switch {
	case errors.As(err, &own):
		return int(own.code), own.hint
	case errors.As(err, &ours):
		return bulkMeaning(ours.Kind)
	case errors.As(err, &faults):
		return int(exitUsage), ""
	case errors.As(err, &held):
		return int(exitHeld), "wait for it to end, or interrupt it"
	case errors.As(err, &config):
		return int(exitFatal), config.Hint()
	case errors.Is(err, depot.ErrMissing):
		return int(exitFatal), "the name of a run is what `cogpass-temporal submit` has printed, and --store the same as there"
	case errors.As(err, &gone):
		return int(exitFatal), "the run has ended, or the server has forgotten it: `cogpass-temporal status RUN` tells"
	case errors.As(err, &away):
		return int(exitFatal), "is the Temporal server there? TEMPORAL_ADDRESS says where it is"
	}
	return int(exitFatal), ""
}

func bulkMeaning(kind bulk.Kind) (code int, hint string) {
	switch kind {
	case bulk.Refused, bulk.RunFileExists, bulk.BadReport, bulk.NoRecovery, bulk.TooManyMessages, bulk.Protected, bulk.NoHistory:
		return int(exitUsage), ""
	case bulk.NobodyToAsk:
		return int(exitUsage), "there is no terminal: add --yes, and --expect-users N to be sure of their number"
	case bulk.Overtaken:
		return int(exitHeld), "submit the job again: that makes a new plan"
	}
	return int(exitFatal), ""
}
