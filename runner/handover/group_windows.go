package handover

import "os/exec"

// ownGroup leaves it at killing the program itself.
func ownGroup(*exec.Cmd) {}
