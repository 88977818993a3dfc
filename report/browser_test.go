package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A browser is a headless Chromium that is told what to do over two pipes, in
// the DevTools protocol: one JSON message after another, with a NUL between.
type browser struct {
	t       testing.TB
	in      *os.File
	out     *bufio.Reader
	session string
	last    int
	loaded  bool
	said    []string // messages on the console, faults, and what was fetched but the page
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

type object map[string]any

// openBrowser skips the test where there is no Chromium, and where tests are
// to be short.
func openBrowser(t testing.TB) *browser {
	if os.Getenv("COGPASS_LONG") == "" {
		t.Skip("a browser is started with COGPASS_LONG=1")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil && path == "" {
			path = found
		}
	}
	if path == "" {
		t.Skip("there is no Chromium here to look at pages with")
	}
	itsIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, itsOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.ExtraFiles = []*os.File{itsIn, itsOut} // 3 and 4, as it wants them
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	itsIn.Close()
	itsOut.Close()
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.session = ""
		b.send("Browser.close", object{})
		cmd.Wait()
		in.Close()
		out.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", object{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", object{}, nil)
	}
	return b
}

func (b *browser) send(method string, params object) {
	b.t.Helper()
	b.last++
	text := object{"id": b.last, "method": method, "params": params}
	if b.session != "" {
		text["sessionId"] = b.session
	}
	encoded, err := json.Marshal(text)
	if err == nil {
		_, err = b.in.Write(append(encoded, 0))
	}
	if err != nil {
		b.t.Errorf("%s: %v", method, err)
	}
}

// call sends a command and waits for its answer.
func (b *browser) call(method string, params object, result any) {
	b.t.Helper()
	b.send(method, params)
	for want := b.last; ; {
		m := b.next()
		if m.ID != want {
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// next reads a message, and notes what a page is not to do.
func (b *browser) next() (m message) {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err == nil {
		err = json.Unmarshal(text[:len(text)-1], &m)
	}
	if err != nil {
		b.t.Fatalf("from the browser: %v", err)
	}
	switch m.Method {
	case "Page.loadEventFired":
		b.loaded = true
	case "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening":
		b.said = append(b.said, m.Method+" "+string(m.Params))
	case "Network.requestWillBeSent":
		var sent struct{ Type string }
		if json.Unmarshal(m.Params, &sent); sent.Type != "Document" {
			b.said = append(b.said, m.Method+" "+string(m.Params))
		}
	}
	return m
}

// look makes the window that wide, with light or dark colours, and opens a page.
func (b *browser) look(path string, width int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", object{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", object{"features": []object{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.said, b.loaded = nil, false
	b.call("Page.navigate", object{"url": "file://" + path}, nil)
	for !b.loaded {
		b.next()
	}
}

// eval returns what an expression comes to.
func (b *browser) eval(format string, args ...any) any {
	b.t.Helper()
	var got struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", object{"expression": fmt.Sprintf(format, args...), "returnByValue": true, "awaitPromise": true}, &got)
	if got.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", format, got.ExceptionDetails.Exception.Description)
	}
	return got.Result.Value
}

// press presses a key, as a keyboard does.
func (b *browser) press(key string, code int) {
	b.t.Helper()
	params := object{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
	if key == "Enter" {
		params["text"] = "\r"
	}
	b.call("Input.dispatchKeyEvent", params, nil)
	b.call("Input.dispatchKeyEvent", object{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// shoot writes a picture of the page's first so many pixels.
func (b *browser) shoot(path string, width, height int) {
	b.t.Helper()
	if tall, ok := b.eval("document.documentElement.scrollHeight").(float64); ok {
		height = min(height, int(tall))
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", object{"format": "png", "captureBeyondViewport": true,
		"clip": object{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}}, &shot)
	b.write(path, shot.Data)
}

func (b *browser) write(path, encoded string) {
	b.t.Helper()
	data, err := base64.StdEncoding.DecodeString(encoded)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
