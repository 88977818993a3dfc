package examples

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cogpass/jobs/yamldoc"
)

// nightly is how each scheduler starts the rotation, after the program's name.
const nightly = "run --yes --log-format json /etc/cogpass/rotation.yaml"

func readCron(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("cron", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCrontab(t *testing.T) {
	settings := map[string]string{}
	var lines []string
	for line := range strings.Lines(readCron(t, "crontab")) {
		line = strings.TrimSpace(line)
		name, value, isSetting := strings.Cut(line, "=")
		switch {
		case line == "" || line[0] == '#':
		case isSetting && !strings.ContainsAny(name, " \t"):
			settings[name] = value
		default:
			lines = append(lines, line)
		}
	}
	if settings["XDG_STATE_HOME"] == "" || settings["SHELL"] != "/bin/sh" || len(lines) != 1 {
		t.Fatalf("got settings %v and lines %q", settings, lines)
	}
	fields := strings.SplitN(lines[0], " ", 6)
	for i, most := range []int{59, 23, 31, 12, 7} {
		if n, err := strconv.Atoi(fields[i]); fields[i] != "*" && (err != nil || n < 0 || n > most) {
			t.Errorf("field %d is %q, want * or 0 to %d", i+1, fields[i], most)
		}
	}
	if command := fields[5]; !strings.HasPrefix(command, "cogpass "+nightly) || strings.Contains(command, "%") { // cron makes a line end of it
		t.Errorf("got command %q", command)
	}
	t.Run("exit codes", func(t *testing.T) { crontabMails(t, fields[5]) })
}

// crontabMails runs the line's command with a program that ends with each exit
// code, and looks what cron would mail.
func crontabMails(t *testing.T, command string) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	for code, mailed := range map[int]bool{0: false, 1: true, 2: true, 3: true, 4: false, 5: false, 130: true} {
		home := t.TempDir()
		script := fmt.Sprintf("#!/bin/sh\necho \"$@\"; echo oh >&2; exit %d\n", code)
		if err := os.WriteFile(filepath.Join(home, "cogpass"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(shell, "-c", command)
		cmd.Env = []string{"HOME=" + home, "PATH=" + home + ":/usr/bin:/bin"}
		out, err := cmd.CombinedOutput()
		if err != nil || (len(out) > 0) != mailed || mailed && !strings.Contains(string(out), fmt.Sprintf("exit %d,", code)) {
			t.Errorf("exit code %d: cron would mail %q (%v), want mail: %t", code, out, err, mailed)
		}
		if log, err := os.ReadFile(filepath.Join(home, "rotation.log")); err != nil || string(log) != nightly+"\noh\n" {
			t.Errorf("exit code %d: got log %q, %v", code, log, err)
		}
	}
}

func TestSystemdUnits(t *testing.T) {
	service, timer := readCron(t, "cogpass-rotation.service"), readCron(t, "cogpass-rotation.timer")
	for _, want := range []string{
		"\nExecStart=/usr/local/bin/cogpass " + nightly, "\nEnvironment=XDG_STATE_HOME=%S\n", "\nStateDirectory=cogpass\n",
		"\nSuccessExitStatus=4 5\n", "\nLimitCORE=0\n",
	} {
		if !strings.Contains(service, want) {
			t.Errorf("the service does not have %q", want)
		}
	}
	if !strings.Contains(timer, "\nPersistent=yes\n") {
		t.Error("the timer does not make up for a night that was missed")
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // with a program that is there
	args := []string{"verify", "--man=no"}
	for name, text := range map[string]string{"cogpass-rotation.service": strings.ReplaceAll(service, "/usr/local/bin/cogpass", self), "cogpass-rotation.timer": timer} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out, err := exec.Command(analyze, args...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "cogpass") { // it warns of a key that it does not know
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	calendar := strings.TrimSpace(between(timer, "OnCalendar=", "\n"))
	if out, err := exec.Command(analyze, "calendar", calendar).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze calendar: %v\n%s", err, out)
	}
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// field is a value in a document, and what it is to be.
type field struct {
	path string // keys and numbers, with dots between
	want any
}

func checkFields(t *testing.T, doc any, fields []field) {
	t.Helper()
	for _, f := range fields {
		if got := lookUp(doc, f.path); !reflect.DeepEqual(got, f.want) {
			t.Errorf("%s: got %#v, want %#v", f.path, got, f.want)
		}
	}
}

func lookUp(doc any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[key]
		case []any:
			if n, err := strconv.Atoi(key); err == nil && n < len(d) {
				doc = d[n]
			} else {
				return nil
			}
		default:
			return nil
		}
	}
	return doc
}

// plain returns what a YAML node says, with all scalars as they are written.
func plain(n *yamldoc.Node) any {
	switch n.Kind {
	case yamldoc.Document:
		return plain(n.Content[0])
	case yamldoc.Mapping:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yamldoc.Sequence:
		var list []any
		for _, item := range n.Content {
			list = append(list, plain(item))
		}
		return list
	}
	return n.Value
}

func texts(words string) []any {
	var list []any
	for word := range strings.FieldsSeq(words) {
		list = append(list, word)
	}
	return list
}

const reports = " --report /var/lib/cogpass/reports/{name}-{time}.json"

func TestCronJob(t *testing.T) {
	var docs []any
	for text := range strings.SplitSeq(readCron(t, "cronjob.yaml"), "\n---\n") {
		node, err := yamldoc.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, plain(node))
	}
	if len(docs) != 2 {
		t.Fatalf("got %d documents, want 2", len(docs))
	}
	checkFields(t, docs[0], []field{
		{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}, {"metadata.name", "cogpass-state"},
		{"spec.accessModes", texts("ReadWriteOncePod")}, {"spec.resources.requests.storage", "1Gi"},
	})
	const pod = "spec.jobTemplate.spec.template.spec."
	const container = pod + "containers.0."
	checkFields(t, docs[1], []field{
		{"apiVersion", "batch/v1"}, {"kind", "CronJob"}, {"spec.schedule", "17 2 * * *"}, {"spec.concurrencyPolicy", "Forbid"},
		{"spec.jobTemplate.spec.backoffLimit", "0"},
		{"spec.jobTemplate.spec.podFailurePolicy.rules.0.action", "FailJob"},
		{"spec.jobTemplate.spec.podFailurePolicy.rules.0.onExitCodes.values", texts("4 5")},
		{"spec.jobTemplate.spec.podFailurePolicy.rules.0.onExitCodes.containerName", "cogpass"},
		{pod + "restartPolicy", "Never"}, // which podFailurePolicy asks for
		{pod + "terminationGracePeriodSeconds", "45"},
		{pod + "securityContext.runAsNonRoot", "true"}, {pod + "securityContext.runAsUser", "65532"},
		{container + "name", "cogpass"}, {container + "args", texts(nightly + reports)},
		{container + "env.0.name", "XDG_STATE_HOME"}, {container + "env.0.value", "/var/lib"},
		{container + "securityContext.readOnlyRootFilesystem", "true"},
		{container + "securityContext.allowPrivilegeEscalation", "false"},
		{container + "securityContext.capabilities.drop", texts("ALL")},
		{container + "volumeMounts.0.mountPath", "/var/lib/cogpass"}, {container + "volumeMounts.0.name", "state"},
		{container + "volumeMounts.1.mountPath", "/etc/cogpass"},
		{pod + "volumes.0.name", "state"}, {pod + "volumes.0.persistentVolumeClaim.claimName", lookUp(docs[0], "metadata.name")},
		{pod + "volumes.1.name", "job"},
	})
}

func readJSON(t *testing.T, name string) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(readCron(t, name)), &doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return doc
}

// Fargate wants all of these, and EFS the transit encryption where IAM decides.
func TestTaskDefinition(t *testing.T) {
	doc := readJSON(t, "ecs-task.json")
	const container = "containerDefinitions.0."
	checkFields(t, doc, []field{
		{"family", "cogpass-rotation"}, {"requiresCompatibilities", texts("FARGATE")}, {"networkMode", "awsvpc"},
		{"cpu", "256"}, {"memory", "512"},
		{container + "name", "cogpass"}, {container + "essential", true}, {container + "command", texts(nightly + reports)},
		{container + "environment.0", map[string]any{"name": "XDG_STATE_HOME", "value": "/var/lib"}},
		{container + "user", "65532:65532"}, {container + "readonlyRootFilesystem", true}, {container + "stopTimeout", 45.0},
		{container + "mountPoints.0.sourceVolume", lookUp(doc, "volumes.0.name")}, {container + "mountPoints.0.containerPath", "/var/lib/cogpass"},
		{container + "logConfiguration.logDriver", "awslogs"},
		{"volumes.0.efsVolumeConfiguration.transitEncryption", "ENABLED"},
		{"volumes.0.efsVolumeConfiguration.authorizationConfig.iam", "ENABLED"},
	})
	for _, path := range []string{"executionRoleArn", "taskRoleArn", container + "image", "volumes.0.efsVolumeConfiguration.fileSystemId", "volumes.0.efsVolumeConfiguration.authorizationConfig.accessPointId"} {
		if text, _ := lookUp(doc, path).(string); text == "" {
			t.Errorf("%s is missing", path)
		}
	}
}

func TestSchedule(t *testing.T) {
	doc := readJSON(t, "schedule.json")
	const target = "Target.EcsParameters."
	checkFields(t, doc, []field{
		{"Name", "cogpass-rotation"}, {"ScheduleExpression", "cron(17 2 * * ? *)"}, {"FlexibleTimeWindow.Mode", "FLEXIBLE"},
		{"FlexibleTimeWindow.MaximumWindowInMinutes", 10.0},
		{target + "LaunchType", "FARGATE"}, {target + "TaskCount", 1.0},
		{target + "NetworkConfiguration.awsvpcConfiguration.AssignPublicIp", "DISABLED"},
	})
	family, _ := readJSON(t, "ecs-task.json")["family"].(string)
	for path, part := range map[string]string{"Target.Arn": ":cluster/", "Target.RoleArn": ":role/", target + "TaskDefinitionArn": ":task-definition/" + family} {
		if arn, _ := lookUp(doc, path).(string); !strings.HasPrefix(arn, "arn:aws:") || !strings.Contains(arn, part) {
			t.Errorf("%s: got %q", path, arn)
		}
	}
	keys := []string{"Name", "Description", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target"}
	for key := range doc {
		if !slices.Contains(keys, key) {
			t.Errorf("CreateSchedule has no %s", key)
		}
	}
}
