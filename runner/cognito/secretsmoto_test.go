package cognito

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"cogpass/runner"
)

// startMoto serves moto's Secrets Manager, which others wrote, until the test
// ends. It skips the test where there is none.
func startMoto(t *testing.T) (url string) {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skip("moto_server is not here: pip install 'moto[server,secretsmanager]' has it")
	}
	server := exec.Command(program, "-H", "127.0.0.1", "-p", "0")
	server.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Skipf("starting moto_server: %v", err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	lines, listening := bufio.NewScanner(log), regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	for lines.Scan() {
		if at := listening.FindString(lines.Text()); at != "" {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			return at
		}
	}
	t.Skip("moto_server ended before it listened")
	return ""
}

// What moto keeps of the stages is what the sandbox does.
func TestMoto(t *testing.T) {
	url := startMoto(t)
	d := openAt(t, url)
	s, err := d.client.Secrets(SecretsConfig{PoolID: testPool, EndpointURL: url})
	if err != nil {
		t.Fatal(err)
	}
	current := func() string {
		// It needs the label: without one it goes by the first version.
		out, err := s.api.GetSecretValue(t.Context(), &sm.GetSecretValueInput{SecretId: aws.String(s.Name("../ana")), VersionStage: aws.String(stageCurrent)})
		if err != nil {
			t.Fatal(err)
		}
		return *out.SecretString
	}
	const nobody = `{"username":"../ana","userPoolId":"` + testPool + `"}`
	password := func(n string) string {
		return `{"username":"../ana","password":"Passw0rd-` + n + `!","userPoolId":"` + testPool + `"}`
	}
	for i, step := range []struct {
		phase string
		n     int
		want  string
	}{
		{"prepare", 1, nobody}, {"prepare", 1, nobody}, {"confirm", 1, password("1")}, {"confirm", 1, password("1")},
		{"prepare", 2, password("1")}, {"abandon", 2, password("1")}, {"abandon", 2, password("1")},
		{"prepare", 3, password("1")}, {"prepare", 4, password("1")}, {"confirm", 4, password("4")}, {"abandon", 3, password("4")},
	} {
		if err := phase(t.Context(), s, step.phase, handover("../ana", step.n)); err != nil {
			t.Fatalf("step %d, %s %d: %v", i, step.phase, step.n, err)
		}
		if got := current(); got != step.want {
			t.Fatalf("after step %d, %s %d: a reader gets %s, want %s", i, step.phase, step.n, got, step.want)
		}
	}
	for n, want := range map[int]string{4: "Passw0rd-4!", 3: "", 9: ""} { // a reader has got a later one than 3
		got, _, err := s.Fetch(t.Context(), without(handover("../ana", n)))
		if err != nil || got.Reveal() != want {
			t.Errorf("fetching %d: got %q (%v), want %q", n, got.Reveal(), err, want)
		}
	}
	if got, _, err := s.Fetch(t.Context(), without(handover("kim", 1))); err != nil || !got.IsZero() {
		t.Errorf("a user without a secret: got %q (%v)", got.Reveal(), err)
	}
	other := *s
	other.cfg.PoolID = "us-west-2_bbbbbbbbb"
	for _, what := range []string{"prepare", "confirm", "abandon"} {
		if err := phase(t.Context(), &other, what, handover("../ana", 5)); mustFault(t, err).Class != runner.UserFault {
			t.Errorf("%s for another pool: got %v", what, err)
		}
	}
}
