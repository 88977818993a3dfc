package bulk

import (
	"context"
	"fmt"
	"os"

	"cogpass/jobs"
	"cogpass/runner/cognito"
	"cogpass/runner/sandbox"
)

const (
	inventedUsers = 200 // that a pool source finds in the sandbox
	missingOne    = 3   // of so many users that may be made, one is missing
)

// startSandbox starts a stand-in of Cognito that holds the users of the plan, as
// far as it names them, and points cfg at it.
func (p *Plan) startSandbox(ctx context.Context, cfg *cognito.Config) (stop func(), err error) {
	server := sandbox.Trial(p.Info.UserPoolID)
	if p.opt.SandboxPool != "" {
		err = p.loadPool(server)
	} else {
		err = p.peoplePool(ctx, server)
	}
	if err != nil {
		return nil, err
	}
	url, err := server.Listen("127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	*cfg = cognito.Config{Region: p.Info.Region, EndpointURL: url, NoSign: true, Conns: cfg.Conns}
	p.opt.detail("sandbox: a stand-in of Cognito at %s; nothing goes to AWS", url)
	return func() { server.Close() }, nil
}

// loadPool fills the sandbox with the pools and users of a file.
func (p *Plan) loadPool(server *sandbox.Server) error {
	file, err := os.Open(p.opt.SandboxPool)
	if err != nil {
		return fail(Refused, "the sandbox's pool: %w", err)
	}
	defer file.Close()
	if err := server.Load(file); err != nil {
		return fail(Refused, "the sandbox's pool: %s: %w", p.opt.SandboxPool, err)
	}
	return nil
}

// peoplePool fills the sandbox with the users that the plan names: as they were
// seen when it was made, or else confirmed and with a verified address. Of those
// that may be made some are missing. A pool source finds invented users.
func (p *Plan) peoplePool(ctx context.Context, server *sandbox.Server) error {
	for task, err := range p.tasks(ctx) {
		if err != nil {
			return err
		}
		if task.Create != nil && (p.file != nil || task.Seq%missingOne == 0) {
			continue
		}
		u := sandbox.User{
			Username: task.Username, Status: string(jobs.Confirmed), Enabled: true,
			Attributes: map[string]string{"email": fmt.Sprintf("user%d@example.com", task.Seq), "email_verified": "true"},
		}
		if was := task.Before; was != nil {
			u.Status, u.Enabled = string(was.Status), was.Enabled
		}
		server.AddUser(p.Info.UserPoolID, u)
	}
	if p.invent {
		server.Invent(p.Info.UserPoolID, inventedUsers)
	}
	return nil
}
