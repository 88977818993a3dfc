package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// escapes reports whether a console understands escape sequences, having asked it to.
func escapes(file *os.File) bool {
	console, mode := windows.Handle(file.Fd()), uint32(0)
	return windows.GetConsoleMode(console, &mode) == nil && windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}

// resumes never tells: no console stops a process.
func resumes() (told chan os.Signal, forget func()) { return nil, func() {} }
