package peers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// What cognito-local starts with: the members and a bystander, all with the
// same password.
const (
	pool           = "us-west-2_peerpool1"
	client         = "peerclient"
	bystander      = "bystander"
	seededPassword = "Old-password-1"
)

// startCognitoLocal serves a pool with the members on a free port of loopback,
// until the test ends. cognito-local reads its pools when it starts, from files.
func startCognitoLocal(t *testing.T, startJS string) (url string) {
	t.Helper()
	folder := t.TempDir()
	users := map[string]any{bystander: seededUser(bystander)}
	for i := range members {
		users[member(i)] = seededUser(member(i))
	}
	db := filepath.Join(folder, ".cognito", "db")
	writeJSON(t, filepath.Join(db, pool+".json"),
		map[string]any{"Users": users, "Options": map[string]any{"Id": pool, "Name": "peers", "UsernameAttributes": []string{}}})
	writeJSON(t, filepath.Join(db, "clients.json"),
		map[string]any{"Clients": map[string]any{client: map[string]any{"ClientId": client, "ClientName": "peers", "UserPoolId": pool}}})
	writeJSON(t, filepath.Join(folder, ".cognito", "config.json"),
		map[string]any{"UserPoolDefaults": map[string]any{"UsernameAttributes": []string{}}})

	server := exec.Command("node", startJS)
	server.Dir = folder
	server.Env = append(os.Environ(), "HOST=127.0.0.1", "PORT=0", "NODE_ENV=production")
	server.Stderr = os.Stderr
	log, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatalf("starting cognito-local: %v", err)
	}
	t.Cleanup(func() {
		server.Process.Kill()
		server.Wait()
	})
	lines := bufio.NewScanner(log)
	listening := regexp.MustCompile(`running on http://127\.0\.0\.1:(\d+)`)
	for lines.Scan() {
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, log)
			return "http://127.0.0.1:" + m[1]
		}
	}
	t.Fatal("cognito-local ended before it listened")
	return ""
}

func seededUser(name string) map[string]any {
	return map[string]any{
		"Username": name, "Password": seededPassword, "Enabled": true, "UserStatus": "CONFIRMED",
		"Attributes":     []map[string]string{{"Name": "sub", "Value": "sub-of-" + name}},
		"UserCreateDate": "2026-01-01T00:00:00.000Z", "UserLastModifiedDate": "2026-01-01T00:00:00.000Z",
		"RefreshTokens": []string{},
	}
}

func writeJSON(t *testing.T, path string, value any) {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(text))
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// signIn tries a password, without any of the program's code, and returns why
// it was refused.
func signIn(t *testing.T, url, username, password string) (refusal string) {
	t.Helper()
	body, _ := json.Marshal(map[string]any{
		"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
		"AuthParameters": map[string]string{"USERNAME": username, "PASSWORD": password},
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.1")
	request.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		AuthenticationResult struct{ AccessToken string }
		Type                 string `json:"__type"`
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatalf("signing in as %s: %v", username, err)
	}
	if answer.AuthenticationResult.AccessToken == "" {
		return fmt.Sprintf("HTTP %d %s", response.StatusCode, answer.Type)
	}
	return ""
}
