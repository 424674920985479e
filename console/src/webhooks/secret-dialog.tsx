import { useState, type ReactNode } from 'react';
import { useTranslations } from 'use-intl';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';

const verifyLines = `import { verify } from 'tocsin-receiver';

// body: the bytes as they came
const checked = verify({ headers: request.headers, body }, process.env.TOCSIN_SECRET);
if (!checked.ok) return response.writeHead(401).end(checked.reason);
response.writeHead(200).end();`;

interface SecretDialogProps {
  readonly name: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** The one time that a secret is in the page. To close without having copied it takes a second click. */
export function SecretDialog({ name, secret, onClose }: SecretDialogProps): ReactNode {
  const t = useTranslations('editor');
  const [copied, setCopied] = useState(false);
  const [warned, setWarned] = useState(false);
  const close = (): void => {
    if (copied || warned) onClose();
    else setWarned(true);
  };
  return (
    <Dialog
      open
      title={t('secretTitle', { name })}
      onClose={close}
      actions={
        <Button look={copied ? 'primary' : 'plain'} onClick={close}>
          {warned && !copied ? t('secretCloseAnyway') : t('secretDone')}
        </Button>
      }
    >
      <p>{t('secretOnce')}</p>
      <code className="secret-value" onCopy={() => setCopied(true)}>
        {secret}
      </code>
      <div>
        <CopyButton text={secret} onCopied={() => setCopied(true)} />
      </div>
      <div role="alert">{warned && !copied ? <p className="warned">{t('secretUncopied')}</p> : null}</div>
      <h3>{t('secretVerify')}</h3>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <pre className="code" tabIndex={0} role="group" aria-label={t('secretVerify')}>
        {verifyLines}
      </pre>
    </Dialog>
  );
}
