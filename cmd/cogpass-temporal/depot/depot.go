// Package depot is where runs lie that several workers carry out: in a folder
// (file://) or in a bucket (s3://).
//
// Of a run there are, below runs/ID/: plan.run, the plan, which is only read;
// passwords/BATCH, what the job gives, sealed to the workers; of each batch of
// tasks begun/BATCH/TRY-ATTEMPT, written before the first request of an attempt
// at it, and done/BATCH/TRY-ATTEMPT, what came of it; seals/..., generated
// passwords, sealed to their readers; and ended, how the run has ended.
//
// Invariants: an object has one writer and is written once; of several of one
// batch, the last by its name counts, for an attempt begins only after the one
// before was given up. No object has a password in the clear.
package depot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/s3blob"   // s3://
	"gocloud.dev/gcerrors"
)

// ErrMissing is that there is no such object.
var ErrMissing = errors.New("is not in the bucket")

// Depot is a folder or bucket of runs. It is safe for concurrent use.
type Depot struct{ bucket *blob.Bucket }

// Open opens a folder or bucket by its URL.
func Open(ctx context.Context, url string) (*Depot, error) {
	scheme, rest, _ := strings.Cut(url, "://")
	switch {
	case scheme == "file" && strings.HasPrefix(rest, "/"):
		// No files beside each for what nobody reads; what is written is put in place by a
		// rename, which is none from one file system to another.
		url = with(with(url, "metadata=skip"), "no_tmp_dir=true")
	case scheme != "s3":
		return nil, errors.New("want a bucket such as s3://NAME or file:///FOLDER")
	}
	bucket, err := blob.OpenBucket(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("opening the bucket: %w", err)
	}
	return &Depot{bucket}, nil
}

func with(url, option string) string {
	if strings.Contains(url, "?") {
		return url + "&" + option
	}
	return url + "?" + option
}

// Close closes it.
func (d *Depot) Close() error { return d.bucket.Close() }

// Run is what the depot holds of a run.
func (d *Depot) Run(id string) *Run { return &Run{d.bucket, "runs/" + id + "/"} }

// Run is a run in a depot.
type Run struct {
	bucket *blob.Bucket
	prefix string
}

// Put writes an object. Where one of that name is there already, it is an error.
func (r *Run) Put(ctx context.Context, key string, text []byte) error {
	err := r.bucket.WriteAll(ctx, r.prefix+key, text, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream"})
	return r.wrap("writing", key, err)
}

// Get reads an object. Its error is ErrMissing where there is none.
func (r *Run) Get(ctx context.Context, key string) ([]byte, error) {
	text, err := r.bucket.ReadAll(ctx, r.prefix+key)
	return text, r.wrap("reading", key, err)
}

// Each calls do with the keys that begin with a prefix, in order.
func (r *Run) Each(ctx context.Context, prefix string, do func(key string) error) error {
	for list := r.bucket.List(&blob.ListOptions{Prefix: r.prefix + prefix}); ; {
		object, err := list.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return r.wrap("listing", prefix, err)
		}
		if err := do(strings.TrimPrefix(object.Key, r.prefix)); err != nil {
			return err
		}
	}
}

// Last returns the last key that begins with a prefix, or "" where there is none.
func (r *Run) Last(ctx context.Context, prefix string) (last string, err error) {
	err = r.Each(ctx, prefix, func(key string) error { last = key; return nil })
	return last, err
}

// Remove removes all that there is of the run.
func (r *Run) Remove(ctx context.Context) error {
	return r.Each(ctx, "", func(key string) error { return r.wrap("removing", key, r.bucket.Delete(ctx, r.prefix+key)) })
}

// PutFile writes a file as an object.
func (r *Run) PutFile(ctx context.Context, key, from string) error {
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	return r.wrap("writing", key, r.bucket.Upload(ctx, r.prefix+key, file, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream"}))
}

// GetFile reads an object into a file that is not there yet, which only its owner
// may read. What was written of one that cannot be read is removed.
func (r *Run) GetFile(ctx context.Context, key, to string) (err error) {
	file, err := os.CreateTemp(filepath.Dir(to), ".fetched-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	err = r.wrap("reading", key, r.bucket.Download(ctx, r.prefix+key, file, nil))
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Link(file.Name(), to) // which replaces nothing
}

func (r *Run) wrap(doing, key string, err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fmt.Errorf("%s %w", path.Join(r.prefix, key), ErrMissing)
	}
	return fmt.Errorf("%s %s in the bucket: %w", doing, path.Join(r.prefix, key), err)
}
