import { z } from 'zod';
import { faultCodes, type FailureCode } from '../../runtime/failure.ts';
import { statusOf } from '../server/error-mapping.ts';

const codes = Object.keys(statusOf) as FailureCode[];

/** Every refusal (contract 6.1). The code decides, the status informs. */
export const failure = z
  .object({
    request_id: z.string().describe('To be quoted when asking about it; the log of the service has it too.'),
    error: z.strictObject({
      code: z.enum(codes),
      message: z.string().min(1).describe('Names every fault and how to correct it.'),
      faults: z
        .array(
          z.strictObject({
            field: z.string().describe('Empty for the whole body.'),
            message: z.string(),
            code: z.enum(faultCodes).describe('The kind of fault, for a form in another language; never changes.'),
          }),
        )
        .min(1)
        .optional()
        .describe('The same, one by one, for forms.'),
    }),
  })
  .strict()
  .meta({ id: 'Failure' });

/** Every success; `data` is what the operation describes. */
export const success = z.strictObject({ request_id: z.string(), data: z.unknown() });
