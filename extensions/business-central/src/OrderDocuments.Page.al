// Live sales orders with what the standard page lacks, and the three things the standard API cannot do to them.
// Lines and all other fields are written over API v2.0, under the same id.
page 50110 "SEC Order Documents"
{
    APIPublisher = 'syncengine';
    APIGroup = 'companion';
    APIVersion = 'v1.0';
    EntityName = 'orderDocument';
    EntitySetName = 'orderDocuments';
    EntityCaption = 'Order Document';
    EntitySetCaption = 'Order Documents';
    PageType = API;
    ODataKeyFields = SystemId;
    SourceTable = "Sales Header";
    SourceTableView = where("Document Type" = const(Order));
    DelayedInsert = true;
    Extensible = false;

    layout
    {
        area(Content)
        {
            repeater(Records)
            {
                field(id; Rec.SystemId)
                {
                    Caption = 'Id';
                    Editable = false;
                }
                field(number; Rec."No.")
                {
                    Caption = 'Number';
                    Editable = false;
                }
                field(docNoOccurrence; Rec."Doc. No. Occurrence")
                {
                    Caption = 'Doc no occurrence';
                    Editable = false;
                }
                field(customerId; CustomerId)
                {
                    Caption = 'Customer id';

                    trigger OnValidate()
                    begin
                        CustomerIdIsSet := true;
                    end;
                }
                field(customerNumber; Rec."Sell-to Customer No.")
                {
                    Caption = 'Customer number';
                }
                field(externalDocumentNumber; Rec."External Document No.")
                {
                    Caption = 'External document number';
                }
                field(correlation; Rec."SEC Correlation")
                {
                    Caption = 'Correlation';
                }
                field(yourReference; Rec."Your Reference")
                {
                    Caption = 'Your reference';
                }
                field(workDescription; WorkDescription)
                {
                    Caption = 'Work description';

                    trigger OnValidate()
                    begin
                        WorkDescriptionIsSet := true;
                    end;
                }
                field(shippingAgentCode; Rec."Shipping Agent Code")
                {
                    Caption = 'Shipping agent code';
                }
                field(shippingAgentServiceCode; Rec."Shipping Agent Service Code")
                {
                    Caption = 'Shipping agent service code';
                }
                field(status; Rec.Status)
                {
                    Caption = 'Status';
                    Editable = false;
                }
                field(archivedVersions; Rec."No. of Archived Versions")
                {
                    Caption = 'Archived versions';
                    Editable = false;
                }
                field(lastModifiedDateTime; Rec.SystemModifiedAt)
                {
                    Caption = 'Last modified date time';
                    Editable = false;
                }
                part(recordNotes; "SEC Record Notes")
                {
                    Caption = 'Notes';
                    EntityName = 'recordNote';
                    EntitySetName = 'recordNotes';
                    SubPageLink = "Parent Id" = field(SystemId);
                }
            }
        }
    }

    trigger OnAfterGetRecord()
    var
        Customer: Record Customer;
    begin
        Clear(CustomerId);
        if Customer.Get(Rec."Sell-to Customer No.") then
            CustomerId := Customer.SystemId;
        WorkDescription := Rec.GetWorkDescription();
    end;

    trigger OnInsertRecord(BelowxRec: Boolean): Boolean
    begin
        Rec."Document Type" := Rec."Document Type"::Order;
        TakeCustomer();
        if Rec."Sell-to Customer No." = '' then
            Error(CustomerNeededErr);
        InsertWithCustomer();
        StoreWorkDescription();
        exit(false);
    end;

    trigger OnModifyRecord(): Boolean
    begin
        TakeCustomer();
        Rec.Modify(true);
        StoreWorkDescription();
        exit(false);
    end;

    var
        CustomerId: Guid;
        WorkDescription: Text;
        CustomerIdIsSet: Boolean;
        WorkDescriptionIsSet: Boolean;
        CustomerNeededErr: Label 'A customerId or a customerNumber must be provided.', Comment = 'customerId and customerNumber are field names.';
        NoCustomerErr: Label 'The sell-to customer cannot be found.';

    local procedure TakeCustomer()
    var
        Customer: Record Customer;
    begin
        if not CustomerIdIsSet then
            exit;
        if not Customer.GetBySystemId(CustomerId) then
            Error(NoCustomerErr);
        if Rec."Sell-to Customer No." <> Customer."No." then
            Rec.Validate("Sell-to Customer No.", Customer."No.");
        CustomerIdIsSet := false;
    end;

    // The header takes its number and defaults first; what the caller sent is validated after them.
    local procedure InsertWithCustomer()
    var
        SalesHeader: Record "Sales Header";
    begin
        SalesHeader.Init();
        SalesHeader."Document Type" := SalesHeader."Document Type"::Order;
        SalesHeader.Insert(true);
        SalesHeader.Validate("Sell-to Customer No.", Rec."Sell-to Customer No.");
        if Rec."External Document No." <> '' then
            SalesHeader.Validate("External Document No.", Rec."External Document No.");
        if Rec."Your Reference" <> '' then
            SalesHeader.Validate("Your Reference", Rec."Your Reference");
        if Rec."Shipping Agent Code" <> '' then
            SalesHeader.Validate("Shipping Agent Code", Rec."Shipping Agent Code");
        if Rec."Shipping Agent Service Code" <> '' then
            SalesHeader.Validate("Shipping Agent Service Code", Rec."Shipping Agent Service Code");
        SalesHeader."SEC Correlation" := Rec."SEC Correlation";
        SalesHeader.Modify(true);
        Rec := SalesHeader;
        Rec.Find();
    end;

    local procedure StoreWorkDescription()
    begin
        if not WorkDescriptionIsSet then
            exit;
        Rec.SetWorkDescription(WorkDescription);
        WorkDescriptionIsSet := false;
    end;

    [ServiceEnabled]
    procedure Archive(var ActionContext: WebServiceActionContext)
    var
        ArchiveManagement: Codeunit ArchiveManagement;
    begin
        ArchiveManagement.ArchSalesDocumentNoConfirm(Rec);
        Answer(ActionContext);
    end;

    [ServiceEnabled]
    procedure Reopen(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualReopen(Rec);
        Answer(ActionContext);
    end;

    [ServiceEnabled]
    procedure Release(var ActionContext: WebServiceActionContext)
    var
        ReleaseSalesDocument: Codeunit "Release Sales Document";
    begin
        ReleaseSalesDocument.PerformManualRelease(Rec);
        Answer(ActionContext);
    end;

    local procedure Answer(var ActionContext: WebServiceActionContext)
    begin
        ActionContext.SetObjectType(ObjectType::Page);
        ActionContext.SetObjectId(Page::"SEC Order Documents");
        ActionContext.AddEntityKey(Rec.FieldNo(SystemId), Rec.SystemId);
        ActionContext.SetResultCode(WebServiceActionResultCode::Updated);
    end;
}
