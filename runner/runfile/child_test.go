package runfile

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The tests run this program again as another process, which does what
// childJob says.
const childJob, childPath, childPlace = "RUNFILE_TEST_CHILD", "RUNFILE_TEST_PATH", "RUNFILE_TEST_PLACE"

// long reports whether to do what takes minutes, as make test-long does.
func long() bool { return os.Getenv("COGPASS_LONG") != "" }

// options are those of all tests: what a machine keeps is in a folder of
// theirs.
var options OpenOptions

func TestMain(m *testing.M) {
	job := os.Getenv(childJob)
	if job == "" {
		place, err := os.MkdirTemp("", "runfile-place")
		if err != nil {
			panic(err)
		}
		options.Place = place
		code := m.Run()
		os.RemoveAll(place)
		os.Exit(code)
	}
	options.Place = os.Getenv(childPlace)
	if err := children[job](os.Getenv(childPath)); err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
}

var children = map[string]func(path string) error{
	// hold opens the file to carry it out and keeps it open until it is killed.
	"hold": func(path string) error {
		if _, err := Open(path, options); err != nil {
			return err
		}
		if _, err := LockPool(path+".locks", "us-west-2_aaaaaaaaa", "", path); err != nil {
			return err
		}
		fmt.Println("held")
		select {}
	},
	// look reads the whole file as one that cannot write it.
	"look": func(path string) error {
		f, err := OpenReadOnly(path, options)
		if err != nil {
			return err
		}
		defer f.Close()
		n := 0
		for _, err := range f.Results() {
			if err != nil {
				return err
			}
			n++
		}
		fmt.Println("read", n)
		return nil
	},
	// write tries to carry it out and expects that it cannot be written.
	"write": func(path string) error {
		f, err := Open(path, options)
		var known *Error
		if err == nil {
			return errors.Join(errors.New("it can be written"), f.Close())
		}
		if !errors.Is(err, ErrReadOnly) || !errors.As(err, &known) || known.Hint == "" {
			return err
		}
		fmt.Println("refused")
		return nil
	},
	// plan writes a plan until it is killed.
	"plan": func(path string) error {
		d, err := Create(path, examplePlan())
		if err != nil {
			return err
		}
		if err := d.Add(exampleTask(1)); err != nil {
			return err
		}
		fmt.Println("writing")
		select {}
	},
	// steps carries rich tasks out, step by step, until it is killed.
	"steps": func(path string) error {
		f, err := Open(path, options)
		if err != nil {
			return err
		}
		if err := carryOutSteps(f); err != nil {
			return errors.Join(err, f.Close())
		}
		fmt.Println("done")
		return f.Close()
	},
	// census lists a pool until it is killed.
	"census": func(path string) error {
		c, err := NewCensus(path)
		if err != nil {
			return err
		}
		if err := c.Add(userOf(1), nil, 1); err != nil {
			return err
		}
		fmt.Println("counting")
		select {}
	},
	// append appends to a ledger, batch by batch, beside others that do.
	"append": func(path string) error {
		for n := range appendedBatches {
			if err := AppendHistory(path, staff, fmt.Sprint("run-of-", os.Getpid()), "a.run", batchOf(os.Getpid(), n)); err != nil {
				return err
			}
		}
		fmt.Println("appended", os.Getpid())
		return nil
	},
	// record records an outcome a task until it is killed, and says so once
	// each is durable.
	"record": func(path string) error {
		f, err := Open(path, options)
		if err != nil {
			return err
		}
		return recordAll(f, func(seq int64) error {
			_, err := fmt.Println("durable", seq)
			return err
		})
	},
}

// child starts another process on a job. The test kills it at its end.
func child(t *testing.T, job, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), childJob+"="+job, childPath+"="+path, childPlace+"="+options.Place)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// expect reads the child's next line.
func expect(t *testing.T, out *bufio.Scanner, want string) {
	t.Helper()
	out.Scan()
	if got := strings.TrimSpace(out.Text()); got != want {
		t.Fatalf("the other process says %q, want %q", got, want)
	}
}
