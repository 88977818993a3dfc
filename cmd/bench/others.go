package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func writeUsers(out io.Writer, n int64) error {
	w := bufio.NewWriter(out)
	w.WriteString("username,password\n")
	for i := range n {
		username, password := user(i + 1)
		fmt.Fprintf(w, "%s,%s\n", username, password)
	}
	return w.Flush()
}

// awsCLI returns the AWS CLI on the path, of version 2 rather than 1, and its
// version; or nothing.
func (b *bench) awsCLI() (path, version string) {
	for _, dir := range filepath.SplitList(pathOf(b.env)) {
		candidate, err := exec.LookPath(filepath.Join(dir, "aws"))
		if err != nil {
			continue
		}
		out, err := exec.CommandContext(b.ctx, candidate, "--version").Output()
		if err != nil {
			continue
		}
		v, _, _ := strings.Cut(string(out), " ")
		if path == "" || strings.HasPrefix(v, "aws-cli/2") {
			path, version = candidate, v
		}
		if strings.HasPrefix(v, "aws-cli/2") {
			break
		}
	}
	return path, version
}

func pathOf(env []string) (path string) {
	for _, e := range env {
		if value, is := strings.CutPrefix(e, "PATH="); is {
			path = value
		}
	}
	return path
}

// setOne are the arguments of the AWS CLI and of cogpass for one user.
func setOne(url, username string) []string {
	return []string{"admin-set-user-password", "--user-pool-id", poolID, "--username", username,
		"--password", "Passw0rd-1", "--permanent", "--endpoint-url", url}
}

// oneUser measures a whole process that sets one password.
func (b *bench) oneUser() ([]line, error) {
	aws, version := b.awsCLI()
	s, err := b.serve()
	if err != nil {
		return nil, err
	}
	own, err := b.best(pick(b, 10, 3), b.cogpass, setOne(s.url, "ana")...)
	if err != nil {
		return nil, err
	}
	lines := []line{
		{what: "whole process", figure: thousandths(own.wall)},
		{what: "its processor time", figure: thousandths(own.cpu)},
	}
	if aws == "" {
		lines = append(lines, skipped("the same with the AWS CLI", "aws"))
	} else {
		peer, err := b.best(pick(b, 10, 1), aws, append([]string{"cognito-idp"}, setOne(s.url, "ana")...)...)
		if err != nil {
			return nil, err
		}
		compare := func(l *line, own, peer time.Duration) {
			l.peer, l.ratio = thousandths(peer)+" ("+version+")", fmt.Sprintf("%.0f times less", ratio(peer, own))
			l.want, l.reached = "50 times less", reached(ratio(peer, own) >= 50)
		}
		compare(&lines[0], own.wall, peer.wall)
		compare(&lines[1], own.cpu, peer.cpu)
	}
	_, share, err := s.close(processors())
	lines[0].server = percent(share)
	return lines, err
}

// script is a loop over boto3 with 16 threads.
const script = `
import sys, boto3
from botocore.config import Config
from concurrent.futures import ThreadPoolExecutor
client = boto3.client("cognito-idp", endpoint_url=sys.argv[1], config=Config(max_pool_connections=16))
def set_password(n):
    client.admin_set_user_password(UserPoolId=sys.argv[2], Username=f"user{n:07d}@example.com", Password=f"Passw0rd-{n:07d}", Permanent=True)
with ThreadPoolExecutor(16) as pool:
    list(pool.map(set_password, range(int(sys.argv[3]))))
`

// thousandUsers measures a job of a size that is common.
func (b *bench) thousandUsers() ([]line, error) {
	users := pick(b, 1000, 100)
	job, err := b.job("thousand", int64(users), "max")
	if err != nil {
		return nil, err
	}
	s, err := b.serve("-latency", "5ms")
	if err != nil {
		return nil, err
	}
	own, err := b.best(pick(b, 5, 1), b.cogpass, carryOut(s.url, job)...)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%d users, whole process", users)
	compare := func(name string, peer time.Duration, want float64) line {
		return line{what: what, figure: thousandths(own.wall), peer: seconds(peer) + " (" + name + ")",
			ratio: fmt.Sprintf("%.1f times faster", ratio(peer, own.wall)), want: fmt.Sprintf("%.0f times", want), reached: reached(ratio(peer, own.wall) >= want)}
	}
	var lines []line
	if aws, version := b.awsCLI(); aws == "" {
		lines = append(lines, skipped(what+", with xargs -P8 aws", "aws"))
	} else {
		few := pick(b, 20, 8)
		args := append([]string{"-c", fmt.Sprintf(`seq %d | xargs -P8 -I{} "$@"`, few), "sh", aws, "cognito-idp"}, setOne(s.url, "user{}")...)
		m, err := b.measure("sh", args...)
		if err != nil {
			return nil, err
		}
		lines = append(lines, compare(fmt.Sprintf("xargs -P8 %s, from %d", version, few), m.wall*time.Duration(users)/time.Duration(few), 500))
	}
	if out, err := exec.CommandContext(b.ctx, "python3", "-c", "import boto3; print(boto3.__version__)").Output(); err != nil {
		lines = append(lines, skipped(what+", with boto3", "boto3"))
	} else {
		m, err := b.best(pick(b, 5, 1), "python3", "-c", script, s.url, poolID, fmt.Sprint(users))
		if err != nil {
			return nil, err
		}
		lines = append(lines, compare("boto3 "+strings.TrimSpace(string(out))+", 16 threads", m.wall, 5))
	}
	_, share, err := s.close(processors())
	lines[0].server = percent(share)
	return lines, err
}

// program measures the program itself.
func (b *bench) program() ([]line, error) {
	size := float64(b.fileSize(b.cogpass)) / 1e6
	m, err := b.best(pick(b, 20, 3), b.cogpass, "version")
	if err != nil {
		return nil, err
	}
	return []line{
		{what: "size of the program", figure: fmt.Sprintf("%.1f MB", size), want: "≤ 30 MB", reached: reached(size <= 30)},
		{what: "cogpass version", figure: thousandths(m.wall), want: "≤ 30 ms", reached: reached(m.wall <= 30*time.Millisecond)},
	}, nil
}
