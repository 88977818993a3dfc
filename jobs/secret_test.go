package jobs_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"cogpass/jobs"
)

// No formatter, encoder, logger, template, error or panic shows a Secret,
// wherever in a value it stands.
func TestSecretHasNoWayOut(t *testing.T) {
	secret := jobs.NewSecret("hunter2-Hunter2")
	type open struct{ S jobs.Secret }
	type closed struct{ s jobs.Secret }
	values := []any{
		secret, &secret, open{secret}, &open{secret}, closed{secret}, &closed{secret}, []jobs.Secret{secret}, [1]open{{secret}},
		map[string]jobs.Secret{"k": secret}, map[jobs.Secret]string{secret: "v"}, struct{ V any }{closed{secret}},
		fmt.Errorf("setting: %v", secret), errors.Join(fmt.Errorf("%s", open{secret})),
	}
	ways := map[string]func(*bytes.Buffer, any){
		"fmt": func(b *bytes.Buffer, v any) {
			for _, verb := range strings.Fields("%v %+v %#v %s %q %x %X %d %p %T %t") {
				fmt.Fprintf(b, verb+"\n", v)
			}
			fmt.Fprintln(b, v)
		},
		"json": func(b *bytes.Buffer, v any) { _ = json.NewEncoder(b).Encode(v) },
		"xml":  func(b *bytes.Buffer, v any) { _ = xml.NewEncoder(b).Encode(v) },
		"gob":  func(b *bytes.Buffer, v any) { _ = gob.NewEncoder(b).Encode(v) },
		"log":  func(b *bytes.Buffer, v any) { log.New(b, "", 0).Print(v) },
		"slog": func(b *bytes.Buffer, v any) {
			slog.New(slog.NewTextHandler(b, nil)).Info("text", "v", v)
			slog.New(slog.NewJSONHandler(b, nil)).Info("json", "v", v)
		},
		"template": func(b *bytes.Buffer, v any) {
			_ = template.Must(template.New("t").Parse(`{{.}} {{printf "%s" .}} {{js .}}`)).Execute(b, v)
		},
		"panic": func(b *bytes.Buffer, v any) {
			defer func() { fmt.Fprintf(b, "panic: %v", recover()) }()
			panic(v)
		},
	}
	for name, write := range ways {
		for _, v := range values {
			var b bytes.Buffer
			write(&b, v)
			for _, form := range secret.Forms() {
				if strings.Contains(b.String(), form) {
					t.Errorf("%s of a %T holds %q:\n%s", name, v, form, &b)
				}
			}
		}
	}
}
