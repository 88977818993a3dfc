package report

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"cogpass/jobs"
	"cogpass/runner"
)

func skeletonTasks() []runner.Task {
	password := jobs.NewSecret("it's a S3cret!")
	return []runner.Task{
		{Seq: 1, Username: "diego@example.com", Action: jobs.SetTemporary, Password: password, Source: "job.yaml:9"},
		{Seq: 2, Username: "svc-billing", Action: jobs.SetPermanent, Password: password, Source: "job.yaml:10"},
		{Seq: 3, Username: "kim", Action: jobs.Reset, Source: "job.yaml:11"},
		{Seq: 4, Username: "kim2", Action: jobs.Reset, ClientMetadata: map[string]string{"reason": "INC-42", "by": "it's me"}, Source: "job.yaml:12"},
		{Seq: 5, Username: "--profile", Action: jobs.Reset, Source: "job.yaml:13"},
		{Seq: 6, Username: "file:///etc/passwd", Action: jobs.Reset, Source: "job.yaml:14"},
		{Seq: 7, Username: "$(reboot)", Action: jobs.Reset, Source: "job.yaml:15"},
		{Seq: 8, Username: "o'neil", Action: jobs.SetPermanent, Password: jobs.NewSecret("-Secret12"), Source: "job.yaml:16"},
		{Seq: 9, Username: "\u202e\x1b[2J\n", Action: jobs.Reset, Source: "job.yaml:17"},
		{Seq: 10, Username: "ana", Action: jobs.SetPermanent, Password: jobs.NewSecret("fileb://S3cret"), Source: "job.yaml:18"},
		{Seq: 11, Username: "break-glass", Action: jobs.Reset, Skip: "excluded by the job", Source: "job.yaml:19"},
	}
}

func skeletons(t *testing.T, f SkeletonFormat, show bool) string {
	t.Helper()
	var out strings.Builder
	s := Skeletons{W: &out, Format: f, UserPoolID: "us-west-2_aaaaaaaaa", Region: "us-west-2", ShowPasswords: show}
	for _, task := range skeletonTasks() {
		if err := s.Write(task); err != nil {
			t.Fatalf("task %d as %s: %v", task.Seq, f, err)
		}
	}
	return out.String()
}

func TestSkeletonGolden(t *testing.T) {
	for _, f := range []SkeletonFormat{SkeletonJSON, SkeletonCLI, SkeletonText} {
		hidden := skeletons(t, f, false)
		checkGolden(t, "skeleton."+string(f), []byte(hidden))
		checkGolden(t, "skeleton-shown."+string(f), []byte(skeletons(t, f, true)))
		if strings.Contains(strings.ToLower(hidden), "secret") {
			t.Errorf("%s: shows a password", f)
		}
		for line := range strings.Lines(hidden) {
			if !isVisible(strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s: line %q has characters that do not print", f, line)
			}
		}
	}
	if err := (&Skeletons{W: &strings.Builder{}, Format: "yaml"}).Write(skeletonTasks()[0]); err == nil {
		t.Error("format yaml: got no error")
	}
}

// Each line, run by a real shell, calls aws with what the task says.
func TestSkeletonCLIInShell(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	script := "aws() { printf '%s\\0' \"$@\"; printf '\\n\\0'; }\n" + skeletons(t, SkeletonCLI, true)
	out, err := exec.Command("sh", "-c", script).CombinedOutput()
	if err != nil {
		t.Fatalf("sh: %v\n%s", err, out)
	}
	calls := strings.Split(strings.TrimSuffix(string(out), "\n\x00"), "\n\x00")
	want := [][]string{
		{"admin-set-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "diego@example.com", "--password", "it's a S3cret!", "--no-permanent"},
		{"admin-set-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "svc-billing", "--password", "it's a S3cret!", "--permanent"},
		{"admin-reset-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "kim"},
		{"admin-reset-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "kim2", "--client-metadata", `{"by":"it's me","reason":"INC-42"}`},
		{"admin-reset-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username=--profile"},
		{"admin-reset-user-password", "--cli-input-json", `{"UserPoolId":"us-west-2_aaaaaaaaa","Username":"file:///etc/passwd"}`},
		{"admin-reset-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "$(reboot)"},
		{"admin-set-user-password", "--user-pool-id", "us-west-2_aaaaaaaaa", "--username", "o'neil", "--password=-Secret12", "--permanent"},
		{"admin-reset-user-password", "--cli-input-json", `{"UserPoolId":"us-west-2_aaaaaaaaa","Username":"\u202e\u001b[2J\n"}`},
		{"admin-set-user-password", "--cli-input-json", `{"UserPoolId":"us-west-2_aaaaaaaaa","Username":"ana","Password":"fileb://S3cret","Permanent":true}`},
	}
	if len(calls) != len(want) {
		t.Fatalf("got %d calls, want %d:\n%q", len(calls), len(want), out)
	}
	for i, call := range calls {
		full := append([]string{"cognito-idp", want[i][0], "--region", "us-west-2"}, want[i][1:]...)
		if got, want := strings.TrimSuffix(call, "\x00"), strings.Join(full, "\x00"); got != want {
			t.Errorf("call %d: got %q, want %q", i+1, got, want)
		}
	}
}

// What a task does beside its action is shown too, and no operation can be taken
// for another.
func TestSkeletonsOfSteps(t *testing.T) {
	secret := jobs.NewSecret("S3cret-Passw0rd")
	for name, c := range map[string]struct {
		task      runner.Task
		json, cli []string
	}{
		"create, with the password": {runner.Task{Action: jobs.SetTemporary, Password: secret, SignOut: jobs.SignOutIfOK,
			Create: &jobs.Creation{Attributes: map[string]string{"email": "a@example.com"}, Invite: jobs.InviteByEmail}},
			[]string{
				`{"Operation":"AdminCreateUser","Input":{"UserPoolId":"p_1","Username":"ana","UserAttributes":[{"Name":"email","Value":"a@example.com"}],"TemporaryPassword":"***","DesiredDeliveryMediums":["EMAIL"]}}`,
				`{"Operation":"AdminUserGlobalSignOut","Input":{"UserPoolId":"p_1","Username":"ana"}}`},
			[]string{
				`aws cognito-idp admin-create-user --user-pool-id p_1 --username ana --user-attributes '[{"Name":"email","Value":"a@example.com"}]' --temporary-password '***' --desired-delivery-mediums '["EMAIL"]'`,
				`aws cognito-idp admin-user-global-sign-out --user-pool-id p_1 --username ana`}},
		"create and set, in silence": {runner.Task{Action: jobs.SetPermanent, Password: secret, Create: &jobs.Creation{}},
			[]string{
				`{"Operation":"AdminCreateUser","Input":{"UserPoolId":"p_1","Username":"ana","MessageAction":"SUPPRESS"}}`,
				`{"UserPoolId":"p_1","Username":"ana","Password":"***","Permanent":true}`},
			[]string{
				`aws cognito-idp admin-create-user --user-pool-id p_1 --username ana --message-action SUPPRESS`,
				`aws cognito-idp admin-set-user-password --user-pool-id p_1 --username ana --password '***' --permanent`}},
		"enable and reset": {runner.Task{Action: jobs.Reset, Enable: true},
			[]string{`{"Operation":"AdminEnableUser","Input":{"UserPoolId":"p_1","Username":"ana"}}`, `{"UserPoolId":"p_1","Username":"ana"}`},
			[]string{`aws cognito-idp admin-enable-user --user-pool-id p_1 --username ana`, `aws cognito-idp admin-reset-user-password --user-pool-id p_1 --username ana`}},
		"reinvite": {runner.Task{Action: jobs.Reinvite},
			[]string{`{"Operation":"AdminCreateUser","Input":{"UserPoolId":"p_1","Username":"ana","MessageAction":"RESEND"}}`},
			[]string{`aws cognito-idp admin-create-user --user-pool-id p_1 --username ana --message-action RESEND`}},
		"disable": {runner.Task{Action: jobs.Disable},
			[]string{`{"Operation":"AdminDisableUser","Input":{"UserPoolId":"p_1","Username":"ana"}}`},
			[]string{`aws cognito-idp admin-disable-user --user-pool-id p_1 --username ana`}},
		"impossible, and signed out all the same": {runner.Task{Action: jobs.Reset, Fail: "is disabled", SignOut: jobs.SignOutAlways},
			[]string{`{"Operation":"AdminUserGlobalSignOut","Input":{"UserPoolId":"p_1","Username":"ana"}}`},
			[]string{`aws cognito-idp admin-user-global-sign-out --user-pool-id p_1 --username ana`}},
		"skipped, and signed out all the same": {runner.Task{Action: jobs.Disable, Skip: "is disabled already", SignOut: jobs.SignOutAlways},
			[]string{`{"Operation":"AdminUserGlobalSignOut","Input":{"UserPoolId":"p_1","Username":"ana"}}`},
			[]string{`aws cognito-idp admin-user-global-sign-out --user-pool-id p_1 --username ana`}},
		"impossible": {runner.Task{Action: jobs.Reset, Fail: "is disabled", SignOut: jobs.SignOutIfOK}, nil, nil},
	} {
		c.task.Username = "ana"
		for format, want := range map[SkeletonFormat][]string{SkeletonJSON: c.json, SkeletonCLI: c.cli} {
			var out strings.Builder
			s := Skeletons{W: &out, Format: format, UserPoolID: "p_1"}
			if err := s.Write(c.task); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got, want := out.String(), strings.Join(append(want, ""), "\n"); got != want {
				t.Errorf("%s, %s: got\n%swant\n%s", name, format, got, want)
			}
		}
	}
}

func TestSkeletonJSONIsComplete(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(skeletons(t, SkeletonJSON, true)), "\n")
	tasks := skeletonTasks()
	if len(lines) != len(tasks)-1 {
		t.Fatalf("got %d lines, want %d: all but the skipped task", len(lines), len(tasks)-1)
	}
	for i, line := range lines {
		var got struct {
			UserPoolId, Username string
			Password             *string
			Permanent            *bool
			ClientMetadata       map[string]string
		}
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		task := tasks[i]
		if got.Username != task.Username || (got.Permanent != nil) != task.Action.Sets() ||
			len(got.ClientMetadata) != len(task.ClientMetadata) {
			t.Errorf("task %d: got %s", task.Seq, line)
		}
		if task.Action.Sets() && (*got.Password != task.Password.Reveal() || *got.Permanent != (task.Action == jobs.SetPermanent)) {
			t.Errorf("task %d: got %s", task.Seq, line)
		}
	}
}

// FuzzShellWord asks a real shell what it makes of a word.
func FuzzShellWord(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("no sh here")
	}
	for _, seed := range []string{"", "ana", "'", "''\\'", "$HOME `id` $(id)", "~", "*", "!x", "-n", "a\nb", "\xff", "%s\\n", "#", "a=b", "{a,b}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(s, "\x00") {
			t.Skip("no program can be given a NUL")
		}
		script := "printf '[%s]' " + string(appendShellWord(nil, s))
		got, err := exec.Command(sh, "-c", script).Output()
		if err != nil || string(got) != "["+s+"]" {
			t.Errorf("%q: got %q, %v from %s", s, got, err, script)
		}
	})
}

func TestVisible(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"Zoë 名前 😀", "Zoë 名前 😀"},
		{`C:\x1b`, `C:\x1b`},
		{"\x1b]0;x\a", `\x1b]0;x\x07`},
		{"a\r\nb\tc\x7f", `a\x0d\x0ab\x09c\x7f`},
		{"\u0085\u200b\u202e\ufeff", `\u0085\u200b\u202e\ufeff`},
		{"\U000E0001", `\U000e0001`},
		{"\xff\xef\ufffd", "\\xff\\xef\ufffd"},
	}
	for _, tt := range tests {
		if got := Visible(tt.text); got != tt.want {
			t.Errorf("Visible(%q): got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// The AWS CLI has a command of that name for each operation of the table.
func TestCommandOf(t *testing.T) {
	for operation, want := range map[string]string{
		jobs.SetPermanent.Spec().Operation: "admin-set-user-password",
		jobs.Reset.Spec().Operation:        "admin-reset-user-password",
		"AdminUserGlobalSignOut":           "admin-user-global-sign-out",
	} {
		if got := hyphened(operation); got != want {
			t.Errorf("%s: got %s, want %s", operation, got, want)
		}
	}
}
