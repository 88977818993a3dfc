package handover_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// The test binary is the program that is started, where its first argument says so.
const asProgram = "hand-off"

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == asProgram {
		os.Exit(program(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

// started is what a program knows.
type started struct {
	Input     string
	Args, Env []string
}

// program does what a test asks for, and returns its exit status.
func program(what string, args []string) int {
	switch what {
	case "record": // FILE
		input, _ := io.ReadAll(os.Stdin)
		text, _ := json.Marshal(started{string(input), os.Args, os.Environ()})
		if os.WriteFile(args[0], text, 0o600) != nil {
			return 1
		}
		return 0
	case "say": // STATUS STREAM TEXT TIMES
		times, _ := strconv.Atoi(args[3])
		out := os.Stdout
		if args[1] == "stderr" {
			out = os.Stderr
		}
		fmt.Fprint(out, strings.Repeat(args[2], times))
		status, _ := strconv.Atoi(args[0])
		return status
	case "repeat": // what it was given, and so that a cut comes somewhere in it
		input, _ := io.ReadAll(os.Stdin)
		var given struct{ Password string }
		_ = json.Unmarshal(input, &given)
		fmt.Printf("%s %q %x", input, given.Password, given.Password)
		fmt.Print(strings.Repeat(given.Password, 20_000), " done")
		return 1
	case "ignore":
		return 0
	case "leave", "hang": // ADDRESS: starts another that holds its output for ever
		child := exec.Command(os.Args[0], asProgram, "hold", args[0])
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		if child.Start() != nil {
			return 1
		}
		if what == "leave" {
			return 0
		}
		return program("hold", args)
	case "hold": // ADDRESS: answers until the other side hangs up
		conn, err := net.Dial("tcp", args[0])
		if err != nil {
			return 1
		}
		_, _ = io.Copy(conn, conn)
		return 0
	}
	return 99
}
