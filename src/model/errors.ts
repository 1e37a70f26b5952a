/**
 * The one table of errors. A code is stable for ever; its sentence says what was wrong and what was expected.
 * Rules throw a `WuxingError`; only `http/` knows a status code, only `cli/` an exit code.
 */
export const ERRORS = {
  AREA_INVALID: { zh: "风险区数据有误", en: "the area is not valid", retryable: false },
  AREA_NOT_FOUND: { zh: "没有这个风险区", en: "there is no such area", retryable: false },
  AREA_EXISTS: { zh: "这个风险区编号已存在", en: "an area with this id exists", retryable: false },
  AREA_WITHDRAWN: { zh: "风险区已撤销", en: "the area has been withdrawn", retryable: false },
  PLACE_NOT_FOUND: { zh: "没有这个地点", en: "there is no such place at that time", retryable: false },
  PLACE_OPERATION_INVALID: { zh: "网格调整有误", en: "the operation on places is not valid", retryable: false },
  PLACE_OPERATION_NOT_FOUND: {
    zh: "没有这次网格调整，或已取消",
    en: "there is no such operation on places, or it is taken back already",
    retryable: false,
  },
  SLOT_NOT_FOUND: { zh: "没有这个岗位", en: "there is no such slot", retryable: false },
  DUTY_INVALID: { zh: "任职数据有误", en: "the duty is not valid", retryable: false },
  DUTY_NOT_FOUND: { zh: "没有这项任职", en: "there is no such duty", retryable: false },
  RULE_INVALID: { zh: "规则参数有误", en: "the rule is not valid", retryable: false },
  DRY_RUN_NOT_FOUND: { zh: "没有这次试算", en: "there is no such dry run", retryable: false },
  REPORT_FONT_MISSING: {
    zh: "本机没有中文字体，不能生成 PDF",
    en: "no font with Chinese characters is installed, PDF cannot be made",
    retryable: false,
  },
  VEHICLE_NOT_FOUND: { zh: "没有这辆车", en: "there is no such vehicle", retryable: false },
  GATE_NOT_FOUND: { zh: "没有这个卡口", en: "there is no such gate", retryable: false },
  LOCK_NOT_FOUND: { zh: "没有这个锁定", en: "there is no such lock", retryable: false },
  LOCK_ENDED: { zh: "锁定已经结束", en: "the lock has already ended", retryable: false },
  PERSON_NOT_FOUND: { zh: "没有这个人员", en: "there is no such person", retryable: false },
  CASE_NOT_FOUND: { zh: "没有这个事项", en: "there is no such case", retryable: false },
  CASE_CHANGED: { zh: "事项已有变化", en: "the case has changed meanwhile", retryable: false },
  CASE_ACTION_INVALID: { zh: "现在不能这样做", en: "this cannot be done to the case now", retryable: false },
  CASE_NOT_YOURS: { zh: "这一步由他人完成", en: "this step is somebody else's", retryable: false },
  CASE_TYPE_INVALID: {
    zh: "事项类型定义有误",
    en: "the definition of the type of cases is not valid",
    retryable: false,
  },
  ATTACHMENT_INVALID: { zh: "附件不能接受", en: "the attachment cannot be taken", retryable: false },
  ATTACHMENT_NOT_FOUND: { zh: "没有这个附件", en: "there is no such attachment", retryable: false },
  NOTICE_NOT_FOUND: { zh: "没有这条通知", en: "there is no such notice", retryable: false },
  ARRIVAL_NOT_FOUND: { zh: "没有这条到达申报", en: "there is no such declared arrival", retryable: false },
  LINK_INVALID: { zh: "链接无效或已过期", en: "the link is not valid, or not any more", retryable: false },
  NOT_SIGNED_IN: { zh: "请先登录", en: "nobody is signed in", retryable: false },
  SIGN_IN_FAILED: {
    zh: "账号、密码或动态码不正确",
    en: "the account, the password or the code is not right",
    retryable: false,
  },
  CODE_NEEDED: {
    zh: "还需要动态码、恢复码或通行密钥",
    en: "a code, a recovery code or a passkey is needed as well",
    retryable: false,
  },
  CODE_WRONG: { zh: "动态码不正确，或已经用过", en: "the code is not right, or was used already", retryable: false },
  PASSWORD_CODE_INVALID: {
    zh: "重设码不正确、已用过或已过期，请向管理员再要一个",
    en: "the code is not right, was used already or is too old; ask an administrator for another",
    retryable: false,
  },
  PASSKEY_INVALID: { zh: "通行密钥未被接受", en: "the passkey was not accepted", retryable: false },
  IDENTITY_UNLINKED: {
    zh: "这个身份还没有关联账号，请联系管理员",
    en: "no account is linked to this identity; ask an administrator",
    retryable: false,
  },
  FORBIDDEN: { zh: "没有权限", en: "this is not among your rights", retryable: false },
  PURPOSE_NEEDED: { zh: "请说明用途", en: "a purpose has to be given", retryable: false },
  TOO_MANY: { zh: "操作太频繁，请稍后再试", en: "too often; wait a little", retryable: true },
  ADDRESS_NOT_FOUND: { zh: "没有这个地址", en: "there is no such address", retryable: false },
  KEY_INVALID: { zh: "密钥无效", en: "the key is not valid", retryable: false },
  INPUT_INVALID: { zh: "输入有误", en: "the input is not valid", retryable: false },
  CITY_INVALID: { zh: "城市配置有误", en: "the city folder is not valid", retryable: false },
  CONFIG_INVALID: { zh: "设置有误", en: "a setting is not valid", retryable: false },
  PLATFORM_UNREACHABLE: { zh: "对方平台没有应答", en: "the platform does not answer", retryable: true },
  PORT_IN_USE: { zh: "端口已被占用", en: "the port is in use", retryable: true },
  DATA_LOCKED: { zh: "数据目录正被另一进程使用", en: "the data folder is in use by another process", retryable: true },
  DATA_UNREADABLE: { zh: "数据目录不可读写", en: "the data folder cannot be read or written", retryable: true },
  STORE_UNAVAILABLE: { zh: "暂时不能写入", en: "the store cannot be written at the moment", retryable: true },
  OVERLOADED: { zh: "系统繁忙", en: "too much at once", retryable: true },
  INTERNAL: { zh: "内部错误", en: "an error of the program itself", retryable: false },
} as const satisfies Record<string, { zh: string; en: string; retryable: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** One thing that is wrong with an input: where, which value, what was expected. */
export interface Problem {
  /** Path inside the input, e.g. `features[3].geometry.coordinates[0][17]` or `line 12, field lon`. */
  where: string;
  /** The value as given, shortened to 100 characters. */
  value?: string;
  /** What was expected, in English. */
  expected: string;
}

/** An error that a rule, a store or a reader reports; `code` is stable, `problems` say where and what. */
export class WuxingError extends Error {
  override readonly name = "WuxingError";
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  /** When it makes sense to try again, if that is known. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: ErrorCode,
    detail?: string,
    problems: readonly Problem[] = [],
    options?: ErrorOptions & { retryAfterS?: number },
  ) {
    super(detail === undefined ? ERRORS[code].en : `${ERRORS[code].en}: ${detail}`, options);
    this.code = code;
    this.problems = problems;
    this.retryAfterS = options?.retryAfterS;
  }
}
